// Shared by all pages. Text only ever enters the page as text nodes and attribute values; there
// is no innerHTML, and the page's policy would not run what it brought in.

const DATA = JSON.parse(document.getElementById('data').textContent);
const SUMMARY = DATA.summary;
const SVG = 'http://www.w3.org/2000/svg';

// Characters that are invisible, or that reorder what is around them, are shown as their code.
const ODD = new RegExp('[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200b\\u200e' +
  '\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]', 'g');
function visible(text) {
  return String(text).replace(/\r\n/g, '\n').replace(ODD, (c) =>
    '\u27e8U+' + c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0') + '\u27e9');
}

function append(node, children) {
  for (const child of children.flat(4)) {
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

// Text that others wrote, inside of a line of ours: its direction ends where it ends.
function isolated(text) { return h('bdi', {}, text); }

// ---- what is being looked at: in the address, after the #, so that a link shares it -------------

const VIEW = new Map();
function readView() {
  VIEW.clear();
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    // A bare name is that of a section.
    if (value === '' && name) VIEW.set('to', name);
    else VIEW.set(name, value);
  }
}
readView();

// What a link asks for counts only where it is one of `choices`, if those are given.
function view(name, fallback = '', choices = null) {
  const value = VIEW.get(name);
  return value === undefined || (choices && !choices.includes(value)) ? fallback : value;
}

function setView(name, value) {
  if (value === '' || value === null || value === undefined) VIEW.delete(name);
  else VIEW.set(name, String(value));
  const {to, ...rest} = Object.fromEntries(VIEW);
  const words = new URLSearchParams(rest).toString();
  const hash = [to ? encodeURIComponent(to) : '', words].filter((x) => x).join('&');
  history.replaceState(null, '', '#' + hash);
}

// ---- the two languages of the interface ---------------------------------------------------------

const LANGUAGES_SPOKEN = {en: 'English', zh: '\u4e2d\u6587'};
let language = 'en';
function chooseLanguage() {
  const own = /^zh\b/i.test(navigator.language || '') ? 'zh' : 'en';
  language = view('lang', own, Object.keys(LANGUAGES_SPOKEN));
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}

// The string named `key`, with {name} replaced by values.name, and {name:one|many} by a word that
// depends on the number. Text of others is put in with `sayParts`, which keeps it apart.
function sayParts(key, values = {}) {
  const text = STRINGS[key][language === 'zh' ? 1 : 0];
  const parts = [];
  let end = 0;
  for (const hit of text.matchAll(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g)) {
    const value = values[hit[1]];
    parts.push(text.slice(end, hit.index), hit[3] !== undefined ? (value === 1 ? hit[2] : hit[3])
      : typeof value === 'number' ? count(value) : value instanceof Node ? value
        : isolated(value));
    end = hit.index + hit[0].length;
  }
  parts.push(text.slice(end));
  return parts.filter((part) => part !== '');
}
function say(key, values) {
  return sayParts(key, values).map((part) => part instanceof Node ? part.textContent : part)
    .join('');
}
// A name that the data uses, where it is one of ours.
function named(kind, name) { return STRINGS[`${kind}.${name}`] ? say(`${kind}.${name}`) : name; }

// ---- figures ------------------------------------------------------------------------------------

function percent(x, digits = 1) { return defined(x) ? (100 * x).toFixed(digits) : '-'; }
function share(x) { return defined(x) ? percent(x) + ' %' : '-'; }
function decimal(x, digits = 3) { return defined(x) ? x.toFixed(digits) : '-'; }
function count(x) { return x.toLocaleString('en-US').replace(/,/g, '\u202f'); }
function sign(x, text) { return x > 0 ? '+' + text : text.replace('-', '\u2212'); }
function signed(format) { return (x) => defined(x) ? sign(x, format(x)) : '-'; }
function pValue(p) { return !defined(p) ? '-' : p < 0.0001 ? '< 0.0001' : p.toFixed(4); }

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
  return h('span', {class: 'range'},
    say('scale', {low: String(Math.round(100 * low)), high: String(Math.round(100 * high))}));
}

function tile(name, value, unit, range, barNode, title) {
  return h('div', {class: 'tile', title},
    h('div', {class: 'name'}, name),
    h('div', {class: 'value'}, value, unit ? h('small', {}, unit) : null),
    h('div', {class: 'range'}, range || ''), barNode);
}

function shareTile(name, estimate, title) {
  return tile(name, percent(estimate.value), defined(estimate.value) ? '%' : '',
    rangeText(estimate, percent) || title, bar(estimate), title);
}

function decimalTile(name, estimate, title) {
  return tile(name, decimal(estimate.value), '', rangeText(estimate, decimal), bar(estimate),
    title);
}

function figureCell(estimate, format, scale) {
  return h('td', {class: 'num'}, format(estimate.value), scale ? bar(estimate, ...scale) : null,
    h('span', {class: 'range'}, rangeText(estimate, format)));
}
function numberCell(n) { return h('td', {class: 'num'}, defined(n) ? count(n) : '-'); }

// A wide table scrolls by itself, with the keyboard too. `head` is one name a column, the first of
// which is of text.
function sheet(label, head, rows) {
  return h('div', {class: 'card sheet scroll', tabindex: 0, role: 'region', 'aria-label': label},
    h('table', {}, h('thead', {}, h('tr', {}, head.map((name, i) =>
      h('th', {class: i ? 'num' : '', scope: 'col'}, name)))), h('tbody', {}, rows)));
}

// ---- controls -----------------------------------------------------------------------------------

function labelWord(label) { return named('label', label); }
function chip(label, text) {
  return h('span', {class: 'chip ' + label}, defined(text) ? text : labelWord(label));
}

function select(label, options, onChange, value) {
  const node = h('select', {class: 'control', onchange: () => onChange(node.value)},
    options.map(([key, text]) => h('option', {value: key}, text)));
  if (defined(value)) node.value = value;
  return h('label', {class: 'field'}, label, node);
}

function section({id, title, nav, lead, controls}, ...children) {
  const node = h('section', {id, 'aria-label': title},
    h('div', {class: 'head'},
      h('div', {}, h('h2', {tabindex: -1}, title), lead ? h('p', {class: 'lead'}, lead) : null),
      controls ? h('div', {class: 'filters'}, controls) : null),
    children);
  node.navName = nav || title;
  return node;
}

const THEMES = ['auto', 'light', 'dark'];
function applyTheme() {
  const theme = view('theme', 'auto', THEMES);
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
function themeButton() {
  const now = () => view('theme', 'auto', THEMES);
  const text = () => say('theme', {theme: say('theme.' + now())});
  const words = h('span', {class: 'words'}, text());
  const node = h('button', {class: 'control', type: 'button', 'aria-label': text(),
    onclick: () => {
      const next = THEMES[(THEMES.indexOf(now()) + 1) % THEMES.length];
      setView('theme', next === 'auto' ? '' : next);
      applyTheme();
      words.replaceChildren(text());
      node.setAttribute('aria-label', text());
      repaint();
    }}, h('span', {class: 'sign', 'aria-hidden': 'true'}, '\u25d0'), words);
  return node;
}

// What is painted and not laid out, and so has to be painted anew when size or colours change.
let painters = [];
function repaint() { for (const paint of painters) paint(); }

// ---- the page as a whole ------------------------------------------------------------------------

// The figures at the top, where the navigation begins.
function tiles(children) {
  const node = h('div', {class: 'tiles', id: 'summary'}, children);
  node.navName = say('summary');
  return node;
}

function pageHeader(kind, title, facts) {
  return h('header', {},
    h('div', {class: 'brand'}, 'mores', kind ? ` \u00b7 ${kind}` : ''), h('h1', {}, title),
    h('div', {class: 'facts'}, facts.filter((fact) => fact && fact[1]).map(([name, value]) =>
      h('span', {}, name + ' ', h('b', {}, value instanceof Node ? value : isolated(value))))));
}

function goTo(id, {focus}) {
  const target = document.getElementById(id);
  if (!target) return;
  target.scrollIntoView({block: 'start'});
  if (focus) (target.querySelector?.('h2') ?? target).focus({preventScroll: true});
}

function navigation(sections, redraw) {
  const link = (node) => h('a', {href: '#' + node.getAttribute('id'), onclick: (event) => {
    event.preventDefault();
    setView('to', node.getAttribute('id'));
    goTo(node.getAttribute('id'), {focus: true});
  }}, node.navName);
  const languages = Object.entries(LANGUAGES_SPOKEN).map(([key, name]) => h('button',
    {class: 'control', type: 'button', lang: key === 'zh' ? 'zh-CN' : key,
      'aria-pressed': String(key === language), onclick: () => {
        setView('lang', key);
        redraw();
      }}, name));
  return h('nav', {class: 'bar-top', 'aria-label': say('nav')},
    h('div', {class: 'links', tabindex: -1}, sections.map(link)),
    h('div', {class: 'settings'}, h('span', {class: 'choice', role: 'group',
      'aria-label': say('interface_language')}, languages), themeButton()));
}

// Draws what `build` gives: {title, header, sections}. Anew for another language, or when the
// address is changed by hand.
function startPage(build) {
  const root = document.getElementById('page');
  function draw() {
    chooseLanguage();
    applyTheme();
    painters = [];
    const {title, header, sections} = build();
    const shown = sections.flat().filter((node) => node);
    root.replaceChildren(
      h('a', {class: 'skip', href: '#items', onclick: (event) => {
        event.preventDefault();
        goTo('items', {focus: true});
      }}, say('skip')),
      navigation(shown.filter((node) => node.navName), redraw), header, ...shown);
    document.title = visible(title).slice(0, 100);
    requestAnimationFrame(repaint);
  }
  function redraw() {
    const top = window.scrollY;
    draw();
    window.scrollTo(0, top);
  }
  window.addEventListener('hashchange', () => {
    readView();
    redraw();
    if (view('to')) goTo(view('to'), {focus: false});
  });
  window.addEventListener('resize', repaint);
  document.addEventListener('keydown', (event) => {
    const typing = ['INPUT', 'SELECT', 'TEXTAREA'].includes(event.target.tagName);
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    goTo('search', {focus: true});
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
  draw();
  if (view('to')) requestAnimationFrame(() => goTo(view('to'), {focus: false}));
}

function fileLines(files) {
  return files.map((file) => h('div', {}, isolated(file.path), ', ',
    say('records', {n: file.records}), ', sha256 ',
    h('span', {class: 'mono'}, file.sha256.slice(0, 16))));
}

function definitions(entries) {
  return h('dl', {}, entries.map(([name, text]) => [h('dt', {}, name), h('dd', {}, text)]));
}
