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
    ['compare', 'a.jsonl', 'b.jsonl', '--page', 'page.html']);
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

test('flips in places are told, with their texts', () => {
  const judged = (id, places) => verdict(id, 0.1, {general: {label: 'safe', p_unsafe: 0.1,
    other_mass: 0}, flips: [], guideline_set: 'a', as_of: '2026-01-31', guidelines_shown: 3,
  places: places.map(([place, label, basis]) => ({place, label, basis: basis ?? null,
    origin: 'given', p_unsafe: 0.3, response_type: 'DoAnswer', critique: `critique of ${id}`,
    guidelines: [], shown: [], unsupported: [], coverage: 'ok'}))});
  const page = makePage({'a.jsonl': [judged('same', [['CN', 'safe']]),
    judged('clock', [['CN', 'safe'], ['DE', 'safe']]), judged('law', [['CN', 'unsafe', 'norm']]),
    judged('only here', [['SG', 'safe']])],
  'b.jsonl': [judged('same', [['CN', 'safe']]),
    judged('clock', [['CN', 'unsafe', 'norm'], ['DE', 'safe']]),
    judged('law', [['CN', 'unsafe', 'law']]), judged('only here', [['JP', 'unsafe', 'law']])]},
  ['compare', 'a.jsonl', 'b.jsonl', '--page', 'page.html']);
  assert.deepEqual(ids(page), ['clock', 'law']);
  page.field('Show').enter('unsafe');
  assert.deepEqual(ids(page), [], 'in general nothing flips');
  page.field('Show').enter('place');
  assert.deepEqual(ids(page), ['clock', 'law']);
  const cells = (name) => page.document.getElementById('places').all('tr')
    .find((one) => one.textContent.startsWith(name)).all('.num').map((one) => one.textContent);
  // Items, to unsafe, to safe, to unparsed, another basis alone.
  assert.deepEqual(cells('CN'), ['3', '1', '0', '0', '1']);
  assert.deepEqual(cells('DE'), ['1', '0', '0', '0', '0']);
  const data = page.document.getElementById('data').textContent;
  assert.ok(data.includes('answer clock') && data.includes('critique of clock'));
  assert.ok(!data.includes('answer same') && !data.includes('critique of same'));
  // Unsafe in a place is unsafe enough to be hidden.
  assert.equal(page.all('.filler').length, 4);
});

test('thresholds that differ are told, with what they alone change', () => {
  const page = makePage({'a.jsonl': [verdict('a', 0.45), verdict('b', 0.1), verdict('c', 0.1)],
    'b.jsonl': [verdict('a', 0.45, {threshold: 0.4, label: 'unsafe'}),
      verdict('b', 0.7, {threshold: 0.4}), verdict('c', 0.1, {threshold: 0.4})]},
  ['compare', 'a.jsonl', 'b.jsonl', '--page', 'page.html']);
  const told = page.document.getElementById('thresholds').textContent;
  assert.match(told, /3 items were decided by another threshold/);
  assert.match(told, /threshold 1 of the flips would not be/);
  assert.match(told, /English0\.5000\.400/);
  assert.equal(open().document.getElementById('thresholds'), null);
});

test('what the sides expect differently is expected by none, and hidden', () => {
  const page = makePage({'a.jsonl': [verdict('a', 0.1, {expected: 'safe',
    reviewed: {label: 'safe', by: '', reason: ''}})],
  'b.jsonl': [verdict('a', 0.1, {expected: 'unsafe'})]},
  ['compare', 'a.jsonl', 'b.jsonl', '--page', 'page.html']);
  page.field('Show').enter('all');
  assert.equal(page.all('.expected').length, 0);
  assert.equal(page.run('ITEMS[0].harms'), true);
});

test('the text of a flip is covered, that of others is not in the page', () => {
  const page = open();
  page.one('.row').click();
  assert.equal(page.all('.turns').length, 0);
  page.button('Show the text').click();
  assert.match(page.one('.turns').textContent, /answer broken/);
  assert.ok(!page.document.getElementById('data').textContent.includes('answer stays'));
});
