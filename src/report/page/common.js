'use strict';
// Shared by both pages. Text only ever enters the page as text nodes and attribute values; there
// is no innerHTML, and the page's policy would not run what it brought in.

const DATA = JSON.parse(document.getElementById('data').textContent);
const SUMMARY = DATA.summary;
const SVG = 'http://www.w3.org/2000/svg';

// Characters that are invisible, or that reorder what is around them, are shown as their code.
const ODD = new RegExp('[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200b\\u200e' +
  '\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]', 'g');
function visible(text) {
  return String(text).replace(ODD, (c) =>
    '\u27e8U+' + c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0') + '\u27e9');
}

function append(node, children) {
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
  return node;
}

function assign(node, attributes) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : visible(value));
  }
  return node;
}

function h(tag, attributes, ...children) {
  return append(assign(document.createElement(tag), attributes), children);
}

function s(tag, attributes, ...children) {
  return append(assign(document.createElementNS(SVG, tag), attributes), children);
}

function defined(x) { return x !== null && x !== undefined; }
function percent(x, digits = 1) { return defined(x) ? (100 * x).toFixed(digits) : '\u2013'; }
function decimal(x, digits = 3) { return defined(x) ? x.toFixed(digits) : '\u2013'; }
function count(x) { return x.toLocaleString('en-US').replace(/,/g, '\u202f'); }
function sign(x, text) { return x > 0 ? '+' + text : text.replace('-', '\u2212'); }
function pValue(p) { return !defined(p) ? '\u2013' : p < 0.0001 ? '< 0.0001' : p.toFixed(4); }
function plural(n, word) { return count(n) + ' ' + word + (n === 1 ? '' : 's'); }

function rangeText(estimate, format) {
  if (!defined(estimate.low) || !defined(estimate.high)) return '';
  return format(estimate.low) + ' \u2013 ' + format(estimate.high);
}

function place(node, styles) {
  for (const [name, value] of Object.entries(styles)) node.style[name] = value;
  return node;
}

// The interval as a span and the value as a tick, on a scale from `low` to `high`.
function bar(estimate, low = 0, high = 1) {
  const at = (x) => 100 * Math.min(1, Math.max(0, (x - low) / (high - low))) + '%';
  const node = h('div', {class: 'bar', 'aria-hidden': 'true'});
  if (low < 0) {
    node.append(h('span', {class: 'zero'}));
    if (defined(estimate.low) && estimate.low > 0) node.classList.add('better');
    if (defined(estimate.high) && estimate.high < 0) node.classList.add('worse');
  }
  if (defined(estimate.low) && defined(estimate.high)) {
    const left = at(estimate.low);
    node.append(place(h('span', {class: 'span'}),
      {left, width: `calc(${at(estimate.high)} - ${left})`}));
  }
  if (defined(estimate.value)) {
    node.append(place(h('span', {class: 'dot'}), {left: at(estimate.value)}));
  }
  return node;
}

// The smallest scale in steps of ten points that holds all these estimates, so that bars of one
// column can be compared.
function sharedScale(estimates) {
  const ends = estimates.flatMap((e) => [e.low ?? e.value, e.high ?? e.value]).filter(defined);
  if (!ends.length) return [0, 1];
  const low = Math.max(0, Math.floor(10 * Math.min(...ends)) / 10);
  const high = Math.min(1, Math.ceil(10 * Math.max(...ends)) / 10);
  return high > low ? [low, high] : [0, 1];
}

function scaleNote([low, high]) {
  return h('span', {class: 'range'}, `${Math.round(100 * low)} to ${Math.round(100 * high)}`);
}

function tile(name, value, unit, range, barNode, title) {
  return h('div', {class: 'tile', title},
    h('div', {class: 'name'}, name),
    h('div', {class: 'value'}, value, unit ? h('small', {}, unit) : null),
    h('div', {class: 'range'}, range || ''), barNode);
}

function shareTile(name, estimate, title) {
  return tile(name, percent(estimate.value), defined(estimate.value) ? '%' : '',
    rangeText(estimate, percent), bar(estimate), title);
}

function decimalTile(name, estimate, title) {
  return tile(name, decimal(estimate.value), '', rangeText(estimate, decimal), bar(estimate),
    title);
}

function chip(label, text) { return h('span', {class: 'chip ' + label}, text || label); }

function select(label, options, onChange, value) {
  const node = h('select', {class: 'control', onchange: () => onChange(node.value)},
    options.map(([key, text]) => h('option', {value: key}, text)));
  if (defined(value)) node.value = value;
  return h('label', {class: 'field'}, label, node);
}

function check(label, onChange) {
  const node = h('input', {type: 'checkbox', onchange: () => onChange(node.checked)});
  return h('label', {class: 'field'}, node, label);
}

function section(title, lead, controls, ...children) {
  return h('section', {},
    h('div', {class: 'head'},
      h('div', {}, h('h2', {}, title), lead ? h('p', {class: 'lead'}, lead) : null),
      controls ? h('div', {class: 'filters'}, controls) : null),
    children);
}

const THEMES = ['auto', 'light', 'dark'];
function themeButton() {
  let theme = 0;
  const node = h('button', {class: 'control', type: 'button', onclick: () => {
    theme = (theme + 1) % THEMES.length;
    if (theme === 0) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = THEMES[theme];
    node.textContent = 'Theme: ' + THEMES[theme];
    document.dispatchEvent(new Event('themechange'));
  }}, 'Theme: auto');
  return node;
}

function pageHeader(title, facts) {
  return h('header', {},
    h('div', {}, h('div', {class: 'brand'}, 'mores'), h('h1', {}, title),
      h('div', {class: 'facts'}, facts.filter((fact) => fact && fact[1]).map(([name, value]) =>
        h('span', {}, name + ' ', h('b', {}, value))))),
    themeButton());
}

function probability(p) {
  if (!defined(p)) return h('span', {class: 'p muted'}, 'no probability');
  return h('span', {class: 'p', title: 'probability of unsafe'},
    h('span', {class: 'track', 'aria-hidden': 'true'},
      place(h('span', {}), {width: 100 * p + '%'})),
    h('b', {}, p.toFixed(3)));
}

function turnList(messages) {
  return h('div', {class: 'turns'}, messages.map((turn, i) =>
    h('div', {class: 'turn' + (i === messages.length - 1 ? ' judged' : ''), dir: 'auto'},
      h('span', {class: 'role'},
        turn.role + (i === messages.length - 1 ? ', the judged turn' : '')),
      turn.content)));
}

// Text that may be harmful is not in the document until it is asked for.
function coveredText(item, mayHarm) {
  if (!DATA.with_text) return h('p', {class: 'muted'}, 'This page was made without the texts.');
  if (!item.messages) return h('p', {class: 'muted'}, 'The text is not known to this page.');
  if (!mayHarm) return turnList(item.messages);
  const cover = h('div', {class: 'cover'}, 'This dialogue may hold harmful text.',
    h('button', {class: 'control', type: 'button', onclick: () => {
      const turns = turnList(item.messages);
      turns.tabIndex = -1;
      cover.replaceWith(turns);
      turns.focus({preventScroll: true});
    }}, 'Show the text'));
  return cover;
}

function searchable(item) {
  if (item.haystack === undefined) {
    const verdicts = [item, item.first || {}, item.second || {}];
    item.haystack = [item.id, item.category || '', ...verdicts.map((v) => v.critique || ''),
      ...(item.messages || []).map((turn) => turn.content)].join('\n').toLowerCase();
  }
  return item.haystack;
}

function facetOptions(items, key, all) {
  const values = [...new Set(items.map((item) => item[key]).filter((x) => x))].sort();
  return [['', all], ...values.map((value) => [value, value])];
}

// A list of items, filtered and sorted, a page of them at a time. `rowOf(item)` gives the cells of
// a row, `detailOf(item)` what opens below it.
const PAGE_SIZE = 50;
function itemList({items, columns, rowClass, rowOf, detailOf, keep, compare}) {
  const list = h('div', {class: 'card list'});
  let shown = [];
  let page = 0;

  function row(item) {
    const holder = h('div', {});
    const button = h('button', {class: 'row ' + rowClass, type: 'button', 'aria-expanded': 'false',
      onclick: () => {
        const open = button.getAttribute('aria-expanded') === 'true';
        button.setAttribute('aria-expanded', String(!open));
        if (open) holder.lastChild.remove();
        else holder.append(h('div', {class: 'detail'}, detailOf(item)));
      }}, rowOf(item), h('span', {class: 'mark', 'aria-hidden': 'true'}, '\u203a'));
    holder.append(button);
    return holder;
  }

  function draw(focusPager) {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE_SIZE));
    const begin = page * PAGE_SIZE;
    const turn = (by) => () => { page += by; draw(by); };
    const previous = h('button', {class: 'control', type: 'button', disabled: page === 0,
      onclick: turn(-1)}, 'Previous');
    const next = h('button', {class: 'control', type: 'button', disabled: page + 1 >= pages,
      onclick: turn(1)}, 'Next');
    const end = Math.min(begin + PAGE_SIZE, shown.length);
    list.replaceChildren(
      h('div', {class: 'row head-row ' + rowClass}, columns.map((name) => h('span', {}, name))),
      ...(shown.length ? shown.slice(begin, end).map(row)
        : [h('p', {class: 'empty'}, 'No item matches.')]),
      h('div', {class: 'pager'},
        h('span', {role: 'status'}, shown.length ? `${count(begin + 1)} to ${count(end)} of ` +
          `${plural(shown.length, 'item')}` : ''),
        pages > 1 ? h('span', {class: 'filters'}, previous, next) : null));
    if (focusPager) {
      list.scrollIntoView({block: 'start'});
      const wanted = focusPager > 0 ? next : previous;
      (wanted.disabled ? (focusPager > 0 ? previous : next) : wanted).focus({preventScroll: true});
    }
  }

  function refresh() {
    shown = items.filter(keep).sort(compare());
    page = 0;
    draw(0);
  }
  return {node: list, refresh};
}

function searchBox(onInput) {
  let timer = 0;
  const node = h('input', {class: 'control search', type: 'search', placeholder: 'Search',
    'aria-label': 'Search ids, categories, critiques and texts', oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => onInput(node.value.trim().toLowerCase()), 150);
    }});
  return node;
}

function fileLines(files) {
  return files.map((file) => h('div', {}, file.path, ', ', plural(file.records, 'record'),
    ', sha256 ', h('span', {class: 'mono'}, file.sha256.slice(0, 16))));
}
