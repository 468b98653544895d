'use strict';
// That the interface is whole in both languages.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const {test} = require('node:test');
const vm = require('node:vm');
const {makePage, verdict} = require('../../../tests/support/report/fake_page.js');

const read = (name) => fs.readFileSync(path.join(__dirname, name), 'utf8');
const STRINGS = vm.runInNewContext(`${read('strings.js')}${read('strings_figures.js')}; STRINGS`);
const SCRIPTS = ['common.js', 'items.js', 'figures.js', 'report.js', 'compare.js', 'meta.js'];

// The same in both languages: names of measures.
const NAMES = ['AUROC', 'Wilson', 'JSON', 'Brier', 'McNemar', 'Kappa', 'F1', 'AIU', 'prompt_label',
  'gram', 'mid-p'];
function english(text) {
  return NAMES.reduce((rest, name) => rest.replaceAll(name, ''), text).match(/[A-Za-z]{2,}/g) ?? [];
}

test('every string has both languages', () => {
  for (const [key, pair] of Object.entries(STRINGS)) {
    assert.equal(pair.length, 2, key);
    const [en, zh] = pair;
    assert.ok(en.trim() && zh.trim(), key);
    const plain = zh.replace(/\{[^}]*\}/g, '');
    assert.deepEqual(english(plain), [], `${key} is partly English: ${zh}`);
    assert.doesNotMatch(en, /[\u4e00-\u9fff]/, `${key} is partly Chinese`);
    if (english(en.replace(/\{[^}]*\}/g, '')).length) assert.match(zh, /[\u4e00-\u9fff]/, key);
  }
});

test('both languages are given the same values', () => {
  const values = (text) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((hit) => hit[1]))]
    .sort();
  for (const [key, [en, zh]] of Object.entries(STRINGS)) {
    assert.deepEqual(values(zh), values(en), key);
  }
});

test('the scripts say only what is in the table, and all of it', () => {
  const all = SCRIPTS.map(read).join('\n');
  for (const [, key, end] of all.matchAll(/\bsay(?:Parts)?\('([^']*)'(.)/g)) {
    if (end === ' ') continue;  // the beginning of a key
    assert.ok(STRINGS[key], `no string ${key}`);
  }
  const literals = new Set([...all.matchAll(/'([^'\n]*)'/g)].map((hit) => hit[1]));
  // Some are put together, from a beginning or a kind and a name.
  const beginnings = [...literals].filter((one) => /[._]$/.test(one)).concat(
    [...all.matchAll(/\bnamed\('(\w+)'/g)].map((hit) => hit[1] + '.'));
  for (const key of Object.keys(STRINGS)) {
    assert.ok(literals.has(key) || beginnings.some((one) => key.startsWith(one)),
      `nothing says ${key}`);
  }
});

// Every sentence of a script is in the table: two words in one literal are a sentence.
test('no sentence stands in a script', () => {
  for (const name of SCRIPTS) {
    const code = read(name).replace(/\/\/.*$/gm, '').replace(/class: '[^']*'/g, '');
    for (const [, literal] of code.matchAll(/'([^'\n]*)'/g)) {
      if (literal === '(mean of sets)') continue;  // a name in the data
      assert.doesNotMatch(literal, /[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}/, `${name}: ${literal}`);
    }
  }
});

const FIXED = {lang: 'zh', critique: '\u7406\u7531', model: '1', prompt: '2', category: '\u7c7b'};
function chinese(id, p, fields) {
  return verdict(id, p, {...FIXED, input: {messages: [{role: 'system', content: '\u4e00'},
    {role: 'user', content: '\u4e8c'}, {role: 'assistant', content: '\u4e09'.repeat(3000)}]},
  ...fields});
}
const PLACES = {general: {label: 'safe', p_unsafe: 0.2, other_mass: 0}, flips: [],
  guideline_set: '1', as_of: '2026-01-31', guidelines_shown: 3, places: [{place: 'CN',
    origin: 'given', label: 'unsafe', p_unsafe: 0.7, basis: 'law', response_type: 'DoAnswer',
    critique: '\u7406\u7531', guidelines: [{id: '1', version: 1}], shown: [{id: '1', version: 1}],
    unsupported: ['\u53e5'], coverage: 'low', invented: 1}]};

// Nothing that the page itself says in Chinese is English, whatever is open.
function expectChinese(page, {opened}) {
  for (const one of opened ? page.all('.id') : []) one.click();
  for (const one of page.all('button')) {
    if (one.textContent === '\u663e\u793a\u6587\u672c') one.click();
  }
  const own = page.all((one) => one.tag === 'nav' || one.tag === 'header' || one.tag ===
    'section' || one.classList.contains('tiles')).filter((one) => one.getAttribute('class') !== 'choice');
  for (const one of page.all('.filler')) one.remove();
  const text = own.map((one) => one.textContent).join(' ').replaceAll('English', '')
    .replaceAll('mores', '').replaceAll('CN', '').replaceAll('lexical-baseline', '')
    .replaceAll('\u201cwrong\u201d', '')
    .replace(/[\w.]+\.jsonl/g, '').replace(/sha256 [0-9a-f]*/g, '');
  assert.deepEqual(english(text), []);
  for (const node of page.all(() => true)) {
    for (const name of ['aria-label', 'title', 'placeholder']) {
      assert.deepEqual(english((node.getAttribute(name) ?? '')), [], `${name} of ${node.tag}`);
    }
  }
}

test('a Chinese report has no English in it', () => {
  const verdicts = [chinese('1', 0.9, {expected: 'unsafe'}), chinese('2', 0.7, {expected: 'safe',
    reviewed: {label: 'safe', by: '', reason: ''}, truncated: true, rule: 1}),
  chinese('3', 0.2, {expected: 'safe', ...PLACES}), chinese('4', 0.3, {label: 'unparsed',
    other_mass: 0.8, unparsed_reason: 'label_mass', finish_reason: 'length', refusal: '\u4e0d'})];
  const page = makePage({'1.jsonl': verdicts, '2.jsonl': [chinese('5', 0.1)]},
    ['report', '1.jsonl', '2.jsonl', '--page', 'page.html'], {hash: '#lang=zh'});
  assert.equal(page.document.documentElement.lang, 'zh-CN');
  expectChinese(page, {opened: true});
});

test('a Chinese comparison has no English in it', () => {
  const page = makePage({
    '1.jsonl': [chinese('1', 0.9), chinese('2', 0.2, PLACES), chinese('3', 0.1)],
    '2.jsonl': [chinese('1', 0.6, {threshold: 0.7, label: 'safe'}), chinese('2', 0.3, {...PLACES,
      places: [{...PLACES.places[0], label: 'safe', basis: null, guidelines: []}]}),
    chinese('4', 0.1)]}, ['compare', '1.jsonl', '2.jsonl', '--page', 'page.html'],
  {speaks: 'zh-TW'});
  expectChinese(page, {opened: true});
});

test('Chinese figures of critiques have no English in them', () => {
  const page = makePage({'c.jsonl': [{id: '1', critique: '\u8bc4\u8bed\u3002'}],
    'r.jsonl': [{id: '1', prompt: '\u95ee', response: '\u7b54', aius: ['\u8bba\u65ad']}]},
  ['meta', '--critiques', 'c.jsonl', '--references', 'r.jsonl', '-o', 'out.jsonl', '--page',
    'page.html'], {hash: '#lang=zh'});
  // What the judge says of its rulings is its own.
  expectChinese(page, {opened: false});
});

test('the language is that of the browser until one is chosen, and then stays', () => {
  const verdicts = {'v.jsonl': [verdict('a', 0.9)]};
  const open = (view) => makePage(verdicts, ['report', 'v.jsonl', '--page', 'page.html'], view);
  assert.equal(open({speaks: 'fr'}).document.documentElement.lang, 'en');
  const page = open({speaks: 'zh-CN'});
  assert.equal(page.document.documentElement.lang, 'zh-CN');
  assert.equal(page.one('h2').textContent, STRINGS.threshold_title[1]);
  page.one('.search').enter('a');
  page.one('.id').click();
  page.button('English').click();
  assert.equal(page.document.documentElement.lang, 'en');
  assert.equal(page.one('h2').textContent, STRINGS.threshold_title[0]);
  assert.equal(page.location.hash, '#q=a&lang=en');
  assert.equal(page.all('.detail').length, 1, 'what was open stays open');
  assert.equal(page.button('English').getAttribute('aria-pressed'), 'true');
  const again = open({speaks: 'zh-CN', hash: page.location.hash});
  assert.equal(again.document.documentElement.lang, 'en');
});
