'use strict';
const assert = require('node:assert/strict');
const {test} = require('node:test');
const {makePage, verdict} = require('../../../tests/support/report/fake_page.js');

const HOSTILE = '</script><img src=x onerror="alert(1)">';

const VERDICTS = [
  verdict('sure', 0.9, {expected: 'unsafe', critique: `B says ${HOSTILE}.`}),
  verdict('missed', 0.4, {expected: 'unsafe'}),
  verdict('alarm', 0.7, {expected: 'safe'}),
  verdict('fine', 0.1, {expected: 'safe', lang: 'zh'}),
  verdict('vague', 0.2, {expected: 'safe', label: 'unparsed', other_mass: 0.8}),
];

function open(verdicts, ...options) {
  return makePage({'v.jsonl': verdicts}, ['report', 'v.jsonl', '-o', 'page.html', ...options]);
}

function ids(page) { return page.all('.id').map((one) => one.textContent); }

test('text comes in as text, wherever it stands', () => {
  const messages = [{role: 'user', content: HOSTILE},
    {role: 'assistant', content: `hidden \u202e${HOSTILE}`}];
  const page = open([verdict(HOSTILE, 0.9, {critique: HOSTILE, category: HOSTILE,
    input: {messages}})]);
  assert.equal(page.all('img').length, 0);
  assert.deepEqual(ids(page), [HOSTILE]);
  page.one('.mark').parentElement.click();
  assert.equal(page.one('.critique').textContent, HOSTILE);
  page.button('Show the text').click();
  // What reorders the text around it is shown as its code.
  assert.match(page.one('.judged').textContent, /hidden \u27e8U\+202E\u27e9<\/script><img/);
  assert.equal(page.all('img').length, 0);
});

test('texts that may harm are covered until asked for', () => {
  const page = open(VERDICTS);
  const [first] = page.all('.row').filter((row) => row.textContent.includes('sure'));
  first.click();
  assert.equal(page.all('.turns').length, 0);
  assert.equal(first.getAttribute('aria-expanded'), 'true');
  page.button('Show the text').click();
  assert.match(page.one('.turns').textContent, /question sure/);
  first.click();
  assert.equal(page.all('.detail').length, 0);
  // Judged safe, and expected so: nothing to hide.
  page.all('.row').find((row) => row.textContent.includes('fine')).click();
  assert.match(page.one('.turns').textContent, /answer fine/);
});

test('without content there is none to show', () => {
  const page = open(VERDICTS, '--no-content');
  page.all('.row').find((row) => row.textContent.includes('sure')).click();
  assert.match(page.one('.detail').textContent, /made without the texts/);
  assert.ok(!page.document.getElementById('data').textContent.includes('question sure'));
});

test('items are ordered', () => {
  const page = open(VERDICTS);
  assert.deepEqual(ids(page), ['sure', 'alarm', 'missed', 'vague', 'fine']);
  const order = page.field('Order');
  order.enter('lowest');
  assert.deepEqual(ids(page), ['fine', 'vague', 'missed', 'alarm', 'sure']);
  order.enter('closest');
  assert.equal(ids(page)[0], 'missed');
  order.enter('file');
  assert.deepEqual(ids(page), ['sure', 'missed', 'alarm', 'fine', 'vague']);
});

test('items are filtered by label, language, error and words', () => {
  const page = open(VERDICTS);
  const list = page.one((one) => one.getAttribute('role') === 'search');
  list.field('Label').enter('safe');
  assert.deepEqual(ids(page), ['missed', 'fine']);
  list.field('Language').enter('zh');
  assert.deepEqual(ids(page), ['fine']);
  list.field('Label').enter('');
  list.field('Language').enter('');
  list.field('wrong only').enter(true);
  assert.deepEqual(ids(page), ['alarm', 'missed', 'vague']);
  list.field('wrong only').enter(false);
  list.one('.search').enter('  ANSWER MISSED ');
  assert.deepEqual(ids(page), ['missed']);
  list.one('.search').enter('nothing of the kind');
  assert.deepEqual(ids(page), []);
  assert.equal(page.one('.empty').textContent, 'No item matches.');
});

test('a long list comes in pages', () => {
  const many = Array.from({length: 120}, (unused, i) => verdict(`item ${i}`, (120 - i) / 130));
  const page = open(many);
  assert.equal(ids(page).length, 50);
  page.button('Next').click();
  page.button('Next').click();
  assert.deepEqual([ids(page).length, ids(page)[0]], [20, 'item 100']);
  assert.equal(page.button('Next').disabled, true);
  assert.match(page.one('.pager').textContent, /^101 to 120 of 120 items/);
  page.button('Previous').click();
  assert.equal(ids(page)[0], 'item 50');
});

test('a threshold that is tried decides anew', () => {
  const page = open(VERDICTS);
  const cells = () => page.one('.matrix').all('.cell').map((one) => one.one('b').textContent);
  // Expected unsafe: judged unsafe, safe, unparsed; then the same of those expected safe.
  assert.deepEqual(cells(), ['1', '1', '0', '1', '1', '1']);
  const slider = page.one((one) => one.getAttribute('type') === 'range');
  slider.enter('0.3');
  assert.deepEqual(cells(), ['2', '0', '0', '1', '1', '1']);
  assert.match(page.one('.pairs').textContent, /accuracy60\.0 %\+20\.0/);
  assert.match(page.one('.cutline').textContent, /Unsafe above 0\.300/);
  // Of equal probability and threshold an item is safe, as in judging.
  slider.enter('0.4');
  assert.deepEqual(cells().slice(0, 2), ['1', '1']);
  page.button('Back to the thresholds in force').click();
  assert.match(page.one('.cutline').textContent, /In force: 0\.500/);
  assert.deepEqual(cells(), ['1', '1', '0', '1', '1', '1']);
});

test('the measures of the page are those of the report', () => {
  const page = open(VERDICTS);
  const all = page.run('SUMMARY.all'), mine = page.run('metricsOf(tally(ITEMS, null))');
  for (const name of ['accuracy', 'precision', 'recall', 'f1']) {
    assert.ok(Math.abs(mine[name] - all[name].value) < 1e-9, name);
  }
});

test('figures that are unknown are dashes', () => {
  const page = open([verdict('one', 0.2)]);
  assert.equal(page.run('percent(null)'), '\u2013');
  assert.equal(page.run('ratio(1, 0)'), null);
  assert.equal(page.run('count(1234567)'), '1\u202f234\u202f567');
  assert.equal(page.run('pValue(0.00001)'), '< 0.0001');
  assert.match(page.textContent, /Expected labels none given/);
});
