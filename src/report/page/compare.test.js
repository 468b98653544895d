'use strict';
const assert = require('node:assert/strict');
const {test} = require('node:test');
const {makePage, verdict} = require('../../../tests/support/report/fake_page.js');

function open() {
  const first = [verdict('stays', 0.1), verdict('mended', 0.6, {expected: 'safe'}),
    verdict('broken', 0.9, {expected: 'unsafe'}), verdict('<b>odd</b>', 0.3),
    verdict('gone', 0.2)];
  const second = [verdict('stays', 0.2), verdict('mended', 0.4, {expected: 'safe'}),
    verdict('broken', 0.2, {expected: 'unsafe'}), verdict('<b>odd</b>', 0.8),
    verdict('new', 0.2)];
  return makePage({'a.jsonl': first, 'b.jsonl': second},
    ['compare', 'a.jsonl', 'b.jsonl', '-o', 'page.html']);
}

function ids(page) { return page.all('.id').map((one) => one.textContent); }

test('flips are shown by the size of their change', () => {
  const page = open();
  assert.deepEqual(ids(page), ['broken', '<b>odd</b>', 'mended']);
  assert.equal(page.all('b').filter((one) => one.textContent === 'odd').length, 0);
  assert.match(page.textContent, /1 id only in the firstgone/);
});

test('flips are told by what they do', () => {
  const page = open();
  const show = page.field('Show');
  show.enter('mended');
  assert.deepEqual(ids(page), ['mended']);
  show.enter('broken');
  assert.deepEqual(ids(page), ['broken']);
  show.enter('unsafe');
  assert.deepEqual(ids(page), ['<b>odd</b>']);
  show.enter('all');
  page.field('Order').enter('file');
  assert.deepEqual(ids(page), ['stays', 'mended', 'broken', '<b>odd</b>']);
});

test('the matrix counts every pair of labels', () => {
  const cells = open().one('.matrix').all('.cell').map((one) => one.one('b').textContent);
  // From unsafe: to unsafe, to safe; from safe likewise.
  assert.deepEqual(cells, ['0', '2', '1', '1']);
});

test('the text of a flip is covered, that of others is not in the page', () => {
  const page = open();
  page.one('.mark').parentElement.click();
  assert.equal(page.all('.turns').length, 0);
  page.button('Show the text').click();
  assert.match(page.one('.turns').textContent, /answer broken/);
  assert.ok(!page.document.getElementById('data').textContent.includes('answer stays'));
});
