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
  return makePage({'v.jsonl': verdicts}, ['report', 'v.jsonl', '--page', 'page.html', ...options]);
}

function view(verdicts, options) {
  return makePage({'v.jsonl': verdicts}, ['report', 'v.jsonl', '--page', 'page.html'], options);
}

function ids(page) { return page.all('.id').map((one) => one.textContent); }

function row(page, id) {
  return page.all('.item').find((one) => one.one('.id').textContent === id);
}

// Of a place: what a verdict says of it.
function placed(place, label, fields) {
  return {place, origin: 'given', label, p_unsafe: label === 'unsafe' ? 0.8 : 0.1, basis: null,
    response_type: 'DoAnswer', critique: '', guidelines: [], shown: [], unsupported: [],
    coverage: 'ok', ...fields};
}
function inPlaces(id, p, places, fields) {
  const {label, p_unsafe, other_mass} = verdict(id, p);
  return verdict(id, p, {general: {label, p_unsafe, other_mass}, places, flips: [],
    guideline_set: 'abc', as_of: '2026-01-31', guidelines_shown: 3, ...fields});
}

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
  const first = row(page, 'sure');
  first.one('.id').click();
  assert.equal(first.all('.turns').length, 0);
  assert.equal(first.one('.id').getAttribute('aria-expanded'), 'true');
  first.button('Show the text').click();
  assert.match(first.one('.turns').textContent, /question sure/);
  assert.match(first.one('.gist').textContent, /answer sure/, 'and the row shows its words');
  first.one('.id').click();
  assert.equal(first.all('.detail').length, 0);
  // Judged safe, and expected so: nothing to hide.
  row(page, 'fine').one('.row').click();
  assert.match(page.one('.turns').textContent, /answer fine/);
});

test('a row shows the first words, blurred without a trace of them where they may harm', () => {
  const long = 'a word or two '.repeat(50);
  const page = open([verdict('fine', 0.1, {input: {messages: [
    {role: 'user', content: 'Hello\n\tyou'}, {role: 'assistant', content: long}]}}), verdict('bad', 0.9), verdict('missed', 0.2,
    {expected: 'unsafe'}), verdict('odd', 0.2, {label: 'unparsed', other_mass: 0.9})]);
  const said = row(page, 'fine').all('.words').map((one) => one.textContent);
  assert.equal(said[0], 'Hello you');
  assert.equal(said[1].length, 181);
  assert.ok(said[1].endsWith('\u2026'));
  for (const id of ['bad', 'missed', 'odd']) {
    const gist = row(page, id).one('.gist');
    assert.equal(gist.all('.words').length, 0);
    assert.ok(!gist.textContent.includes(id));
    assert.ok(gist.all('.filler').every((one) => one.getAttribute('aria-hidden') === 'true'));
    gist.button('Show the words').click();
    assert.match(gist.textContent, new RegExp(`question ${id}`));
  }
  // One wish shows one item, wherever it is shown.
  row(page, 'bad').one('.id').click();
  assert.match(row(page, 'bad').one('.turns').textContent, /answer bad/);
});

test('what is unsafe in any place, to a reviewer or by another threshold is hidden', () => {
  const page = open([inPlaces('there', 0.1, [placed('DE', 'safe'), placed('CN', 'unsafe')]),
    inPlaces('unclear', 0.1, [placed('DE', 'unparsed')]), inPlaces('fine', 0.1,
      [placed('DE', 'safe')]), verdict('reviewed', 0.1, {reviewed: {label: 'unsafe', by: 'me',
      reason: ''}}), verdict('before', 0.6)], '--threshold', '0.7');
  const hidden = ids(page).filter((id) => row(page, id).all('.filler').length > 0);
  assert.deepEqual(hidden.sort(), ['before', 'reviewed', 'there', 'unclear']);
});

test('without content there is none to show', () => {
  const page = open(VERDICTS, '--no-content');
  assert.equal(page.all('.gist').length, 0);
  row(page, 'sure').one('.id').click();
  assert.match(page.one('.detail').textContent, /made without the texts/);
  assert.ok(!page.document.getElementById('data').textContent.includes('question sure'));
});

test('a long text is folded', () => {
  const text = '\ud83c\udf75'.repeat(300000) + 'end';
  const page = open([verdict('long', 0.1, {critique: 'c'.repeat(2000), input: {messages: [
    {role: 'user', content: 'short'}, {role: 'assistant', content: text}]}})]);
  row(page, 'long').one('.id').click();
  const folded = page.one('.judged');
  assert.equal(folded.one('.words').textContent.length, 1201);
  assert.match(folded.one('.fold').textContent, /1\u202f200 of 600\u202f003 characters/);
  folded.button('more').click();
  assert.equal(folded.one('.words').textContent.length, 20001);
  for (let i = 0; i < 3; ++i) folded.button('more').click();
  assert.ok(folded.one('.words').textContent === text);
  assert.equal(folded.button('more').disabled, true);
  folded.button('fold').click();
  // No half of a character at the end of a part.
  assert.equal(folded.one('.words').textContent, '\ud83c\udf75'.repeat(600) + '\u2026');
  assert.equal(page.all('.fold').length, 2, 'the critique too');
});

test('right-to-left text is set by itself', () => {
  const id = '\u0634\u0627\u064a';
  const page = open([verdict(id, 0.1, {category: id, critique: id, lang: 'other',
    input: {messages: [{role: 'user', content: id}, {role: 'assistant', content: id}]}})]);
  const holding = (one) => one.tag === 'bdi' && one.textContent === id;
  assert.equal(row(page, id).all(holding).length, 2, 'id and category');
  assert.ok(row(page, id).all('.words').every((one) => one.getAttribute('dir') === 'auto'));
  row(page, id).one('.id').click();
  for (const kind of ['.words', '.critique']) {
    const node = page.one('.detail').one(kind);
    assert.deepEqual([node.getAttribute('dir'), node.getAttribute('lang')], ['auto', 'und']);
  }
});

test('what is odd about a reply is told', () => {
  const page = open([verdict('torn', 0.1, {label: 'unparsed', p_unsafe: null, other_mass: null,
    unparsed_reason: 'filtered', finish_reason: 'content_filter', refusal: HOSTILE,
    oddities: ['never_heard_of', HOSTILE], rule: 3, truncated: true})]);
  row(page, 'torn').one('.id').click();
  const remarks = page.one('.remarks').all('li').map((one) => one.textContent);
  assert.deepEqual(remarks, ['Unparsed: a filter held the reply back',
    'The server ended the reply: content filter', `In place of an answer: ${HOSTILE}`,
    `Odd about the reply, and mended: never_heard_of, ${HOSTILE}`, 'Decided by rule 3',
    'Judged on what fitted into the model\u2019s context']);
  assert.equal(page.all('img').length, 0);
});

test('places have their findings, with what they cite', () => {
  const cited = {id: 'CN-1', version: 2};
  const page = open([inPlaces('clock', 0.1, [placed('CN', 'unsafe', {basis: 'norm',
    critique: HOSTILE, guidelines: [cited], shown: [cited], unsupported: [HOSTILE],
    coverage: 'low', invented: 2}), placed('NG+tiv', 'safe')]),
  inPlaces('gun', 0.9, [placed('CN', 'unsafe')])]);
  const cells = (name) => page.document.getElementById('places').all('tr')
    .find((one) => one.textContent.startsWith(name)).all('.num')
    .map((one) => one.textContent.replace(/(\.\d).*/, '$1'));
  // Items, unsafe there, share, only there, by law, by norm, unparsed, few guidelines.
  assert.deepEqual(cells('CN'), ['2', '2', '100.0', '1', '0', '1', '0', '1']);
  assert.deepEqual(cells('NG+tiv'), ['1', '0', '0.0', '0', '0', '0', '0', '0']);
  assert.deepEqual(cells('CN-1').slice(-2), ['1', '1']);
  assert.match(page.one('.tiles').textContent, /Unsafe in its place100\.0%/);
  assert.match(row(page, 'clock').one('.tags').textContent, /CN unsafe \(norm\)NG\+tiv safe/);
  row(page, 'clock').one('.id').click();
  const card = page.one('.place').textContent;
  for (const part of [HOSTILE, 'CN-1', 'version 2', 'rests on norm', 'place given',
    '2 invented citations', 'Few guidelines']) assert.ok(card.includes(part), part);
  assert.match(page.one('.detail').textContent, /as of 2026-01-31/);
  assert.equal(page.all('img').length, 0);
});

test('a guideline has its text where the page knows it, and says that it changed', () => {
  const cited = {id: 'CN-1', version: 2};
  const page = open([inPlaces('clock', 0.1, [placed('CN', 'unsafe', {basis: 'norm',
    guidelines: [cited], shown: [cited]})])]);
  page.run(`GUIDELINES.set('CN-1@2', {id: 'CN-1', version: 2, kind: 'policy', text: ${
    JSON.stringify(HOSTILE)}, status: 'withdrawn', current_version: 3})`);
  row(page, 'clock').one('.id').click();
  assert.equal(page.one('.place').one('li').textContent,
    `CN-1 version 2 \u00b7 law or policy \u00b7 withdrawn \u00b7 now in version 3${HOSTILE}`);
  assert.equal(page.all('img').length, 0);
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
  list.field('Right or wrong').enter('wrong');
  assert.deepEqual(ids(page), ['alarm', 'missed', 'vague']);
  list.field('Right or wrong').enter('right');
  assert.deepEqual(ids(page), ['sure', 'fine']);
  list.field('Right or wrong').enter('');
  list.one('.search').enter('  ANSWER MISSED ');
  assert.deepEqual(ids(page), ['missed']);
  list.one('.search').enter('nothing of the kind');
  assert.deepEqual(ids(page), []);
  assert.equal(page.one('.empty').textContent, 'No item matches.');
});

test('items are filtered by category, place and set', () => {
  const page = open([
    inPlaces('clock', 0.2, [placed('CN', 'unsafe', {basis: 'law'})], {category: 'gifts'}),
    inPlaces('gum', 0.3, [placed('SG', 'safe'), placed('CN', 'safe')], {category: 'food'}),
    verdict('plain', 0.1, {input: {set: 'other'}})]);
  const found = page.one((one) => one.getAttribute('role') === 'search');
  found.field('Label').enter('unsafe');
  assert.deepEqual(ids(page), ['clock'], 'unsafe in any place');
  found.field('Label').enter('');
  page.field('Category').enter('food');
  assert.deepEqual(ids(page), ['gum']);
  page.field('Category').enter('');
  page.field('Place').enter('CN');
  assert.deepEqual(ids(page), ['clock', 'gum'], 'what is unsafe in its place stands first');
  // The label is then that of the place.
  page.field('Label').enter('unsafe');
  assert.deepEqual(ids(page), ['clock']);
  page.field('Label').enter('');
  page.field('Place').enter('');
  page.field('Finding').enter('law');
  assert.deepEqual(ids(page), ['clock']);
  page.field('Finding').enter('');
  page.one((one) => one.getAttribute('role') === 'search').field('Set').enter('other');
  assert.deepEqual(ids(page), ['plain']);
});

test('what is in doubt stays unparsed at any threshold, and in shares', () => {
  const page = open([verdict('held', 0.1, {label: 'unparsed', unparsed_reason: 'filtered',
    finish_reason: 'content_filter'}), verdict('bad', 0.9), verdict('good', 0.1)]);
  const label = (fields) => page.run(`labelBy(${JSON.stringify(fields)}, 0.5)`);
  assert.equal(label({label: 'unparsed', p: 0.1, unparsed_reason: 'refused'}), 'unparsed');
  assert.equal(label({label: 'unparsed', p: 0.1}), 'unparsed');
  assert.equal(label({label: 'safe', p: 0.1, finish_reason: 'content_filter'}), 'unparsed');
  assert.equal(label({label: 'safe', p: 0.1}), 'safe');
  const shares = page.one('.pairs').all('i').map((one) => one.textContent);
  assert.equal(shares[0], shares[1], 'one of two with a label each');
});

test('what was chosen stands in the address, and a link brings it back', () => {
  const page = open(VERDICTS);
  page.one((one) => one.getAttribute('role') === 'search').field('Label').enter('safe');
  page.one('.search').enter('Answer & Co');
  page.one('.search').enter('answer');
  page.field('Order').enter('lowest');
  assert.equal(page.location.hash, '#label=safe&q=answer&order=lowest');
  const other = view(VERDICTS, {hash: page.location.hash});
  assert.deepEqual(ids(other), ['fine', 'missed']);
  assert.equal(other.one('.search').value, 'answer');
  assert.equal(other.field('Order').value, 'lowest');
  other.goTo('#items&expected=unsafe');
  assert.deepEqual(ids(other), ['sure', 'missed']);
  assert.equal(other.document.getElementById('items').scrolledTo, true);
  other.field('Expected').enter('');
  assert.equal(other.location.hash, '#items');
});

test('a link that asks for what is not there is harmless', () => {
  const page = view(VERDICTS, {hash: '#label=%3Cb%3E&order=constructor&lang=xx&theme=__proto__' +
    `&page=99&place=CN&cut=banana&expected=%&${HOSTILE}`});
  assert.deepEqual(ids(page), ['sure', 'alarm', 'missed', 'vague', 'fine']);
  assert.match(page.one('.cutline').textContent, /In force: 0\.500/);
  assert.equal(page.all('img').length, 0);
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
  assert.equal(page.location.hash, '#page=2');
  assert.equal(ids(view(many, {hash: '#page=3'}))[0], 'item 100');
  assert.equal(ids(view(many, {hash: '#page=4'}))[0], 'item 0');
  page.one('.search').enter('item 7');
  assert.equal(page.location.hash, '#q=item+7', 'a new list begins at its beginning');
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
  assert.equal(page.run('percent(null)'), '-');
  assert.equal(page.run('rangeText({low: null, high: null}, percent)'), '');
  assert.equal(page.run('ratio(1, 0)'), null);
  assert.equal(page.run('count(1234567)'), '1\u202f234\u202f567');
  assert.equal(page.run('pValue(0.00001)'), '< 0.0001');
  assert.match(page.textContent, /Expected labels none given/);
});
