'use strict';
const assert = require('node:assert/strict');
const {test} = require('node:test');
const {makePage} = require('../../../tests/support/report/fake_page.js');

const REFERENCES = [
  {id: 'boat', prompt: 'How do I mend a boat?', response: 'Sand the hull first, then paint it.',
    aius: ['B explains the order of the steps.', 'The hull is sanded before it is painted.']},
  {id: 'cake', prompt: 'May I eat old cake?', response: 'Yes, for three days.',
    aius: ['B permits eating the cake.', 'Mould can make people ill.']},
];
const CRITIQUES = [
  {id: 'boat', critique: 'The hull is sanded before it is painted.'},
  {id: 'cake', critique: '<i>B forbids</i> lemons.'},
];

function open() {
  return makePage({'c.jsonl': CRITIQUES, 'r.jsonl': REFERENCES}, ['meta', '--critiques', 'c.jsonl',
    '--references', 'r.jsonl', '-o', 'out.jsonl', '--page', 'page.html']);
}

function ids(page) { return page.all('.id').map((one) => one.textContent); }

test('critiques are ordered by what they reach', () => {
  const page = open();
  const lowest = ids(page);
  assert.equal(lowest.length, 2);
  const f1 = page.run('ITEMS.map((item) => [item.id, item.f1])');
  assert.ok(new Map(f1).get(lowest[0]) <= new Map(f1).get(lowest[1]));
  page.field('Order').enter('highest');
  assert.deepEqual(ids(page), [...lowest].reverse());
  page.field('Order').enter('longest');
  assert.equal(ids(page)[0], 'boat');
});

test('rulings stand beside the claims, all of it as text', () => {
  const page = open();
  page.field('Order').enter('file');
  page.all('.row')[1].click();
  assert.equal(page.one('.detail').one('.critique').textContent, '<i>B forbids</i> lemons.');
  assert.equal(page.all('i').length, 0);
  assert.match(page.one('.detail').textContent, /missing Mould can make people ill\./);
  assert.equal(page.all('.turns').length, 0);
  page.button('Show the text').click();
  assert.match(page.one('.turns').textContent, /May I eat old cake\?/);
});

test('a row shows the critique, and hides the dialogue', () => {
  const page = open();
  const row = page.all('.item').find((one) => one.one('.id').textContent === 'boat');
  assert.equal(row.one('.gist').one('.words').textContent, CRITIQUES[0].critique);
  assert.equal(row.all('.filler').length, 2);
  row.button('Show the words').click();
  assert.match(row.one('.gist').textContent, /Sand the hull first/);
});

test('the words of claims and dialogues are searched', () => {
  const page = open();
  page.one('.search').enter('mould');
  assert.deepEqual(ids(page), ['cake']);
  page.one('.search').enter('paint it');
  assert.deepEqual(ids(page), ['boat']);
});

test('a judge without a model is called a baseline', () => {
  assert.match(open().textContent, /The judge is a baseline without a model/);
});
