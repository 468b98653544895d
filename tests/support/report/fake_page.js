'use strict';
// Opens a page of `mores` without a browser: takes the data and the script out of the HTML, as a
// browser would, and runs the script on as much of a document as the scripts use. Text can only
// come in as text: `innerHTML` and its like throw.

const {execFileSync} = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const vm = require('node:vm');

class Node {
  constructor() { this.parentElement = null; this.childNodes = []; }
  get lastChild() { return this.childNodes.at(-1) ?? null; }
  get textContent() { return this.childNodes.map((child) => child.textContent).join(''); }
  set textContent(text) { this.replaceChildren(String(text)); }
  append(...children) {
    for (const child of children) {
      const node = child instanceof Node ? child : new Text(String(child));
      node.remove();
      node.parentElement = this;
      this.childNodes.push(node);
    }
  }
  remove() {
    const siblings = this.parentElement?.childNodes;
    if (siblings) siblings.splice(siblings.indexOf(this), 1);
    this.parentElement = null;
  }
  replaceChildren(...children) {
    for (const child of [...this.childNodes]) child.remove();
    this.append(...children);
  }
  replaceWith(node) {
    const parent = this.parentElement;
    node.remove();
    parent.childNodes[parent.childNodes.indexOf(this)] = node;
    node.parentElement = parent;
    this.parentElement = null;
  }
  addEventListener(type, listener) { ((this.listeners ??= {})[type] ??= []).push(listener); }
  dispatchEvent(event) {
    Object.assign(event, {target: event.target ?? this, currentTarget: this,
      preventDefault: () => {}, stopPropagation: () => {}});
    for (const one of this.listeners?.[event.type] ?? []) one(event);
  }
}

class Text extends Node {
  constructor(text) { super(); this.text = text; }
  get textContent() { return this.text; }
}

class Element extends Node {
  constructor(tag) {
    super();
    Object.assign(this, {tag, tagName: tag.toUpperCase(), attributes: {}, style: {}, dataset: {}});
  }
  get classList() {
    return {add: (name) => this.setAttribute('class', `${this.attributes.class ?? ''} ${name}`),
      contains: (name) => (this.attributes.class ?? '').split(' ').includes(name)};
  }
  set innerHTML(html) { throw new Error('a script sets innerHTML'); }
  set outerHTML(html) { throw new Error('a script sets outerHTML'); }
  insertAdjacentHTML() { throw new Error('a script inserts HTML'); }
  setAttribute(name, value) {
    this.attributes[name] = String(value);
    if (['value', 'disabled', 'id'].includes(name)) this[name] = name === 'disabled' || value;
  }
  getAttribute(name) { return this.attributes[name] ?? null; }
  cloneNode() {
    const copy = new Element(this.tag);
    Object.assign(copy.attributes, this.attributes);
    copy.append(...this.childNodes.map((child) =>
      child instanceof Element ? child.cloneNode() : child.textContent));
    return copy;
  }
  focus() { this.focused = true; }
  scrollIntoView() { this.scrolledTo = true; }
  querySelector(tag) { return this.all(tag)[0] ?? null; }
  querySelectorAll(wanted) {  // "tag.class"
    const [tag, name] = wanted.split('.');
    return this.all((one) => one.tag === tag && one.classList.contains(name));
  }
  getContext() {  // a canvas, on which anything can be drawn
    return new Proxy({}, {get: () => () => undefined, set: () => true});
  }

  // For tests: every element below that `wanted` (a tag, a .class or a function) fits.
  all(wanted) {
    const fits = typeof wanted === 'function' ? wanted
      : wanted.startsWith('.') ? (one) => one.classList.contains(wanted.slice(1))
        : (one) => one.tag === wanted;
    return this.childNodes.flatMap((child) => child instanceof Element
      ? [...(fits(child) ? [child] : []), ...child.all(fits)] : []);
  }
  one(wanted) {
    const [first] = this.all(wanted);
    if (!first) throw new Error(`nothing fits ${wanted}`);
    return first;
  }
  // Does what a person would: clicks, or sets a value.
  click() { this.dispatchEvent({type: 'click'}); }
  enter(value) {
    Object.assign(this, typeof value === 'boolean' ? {checked: value} : {value});
    for (const type of ['input', 'change']) this.dispatchEvent({type});
  }
  // The control under a label.
  field(label) {
    return this.one((one) => one.tag === 'label' && one.textContent.startsWith(label))
      .one((one) => one.tag === 'select' || one.tag === 'input');
  }
  button(text) { return this.one((one) => one.tag === 'button' && one.textContent === text); }
}

// The page as an element, and `run(code)` to evaluate an expression beside its scripts. `hash` is
// what the address has after its page, `speaks` the language of the browser.
function openPage(html, {hash = '', speaks = 'en-US'} = {}) {
  const [, data] = html.match(/<script type="application\/json" id="data">([^<]*)<\/script>/);
  const [, script] = html.match(/<script>([^]*)<\/script>\s*<\/body>/);
  const root = new Element('html'), page = new Element('div'), holder = new Element('script');
  holder.textContent = data;
  const document = Object.assign(new Node(), {documentElement: root, title: '',
    createElement: (tag) => new Element(tag), createElementNS: (space, tag) => new Element(tag),
    createTextNode: (text) => new Text(text),
    getElementById: (id) => ({data: holder, page})[id] ??
      page.all((one) => one.getAttribute('id') === id)[0] ?? null});
  root.append(page);
  const frames = [];
  const location = {hash};
  const window = Object.assign(new Node(), {devicePixelRatio: 1, scrollY: 0, scrollTo: () => {}});
  const context = vm.createContext({document, window, Node, location, URLSearchParams,
    history: {replaceState: (state, title, address) => { location.hash = address; }},
    navigator: {language: speaks}, getComputedStyle: () => ({getPropertyValue: () => 'black'}),
    matchMedia: () => new Node(), requestAnimationFrame: (draw) => frames.push(draw),
    setTimeout: (later) => later(), clearTimeout: () => {}});
  vm.runInContext(script, context);
  for (const draw of frames) draw();
  return Object.assign(page, {document, location, run: (code) => vm.runInContext(code, context),
    // Follows a link to the same page, as by hand.
    goTo: (address) => {
      location.hash = address;
      window.dispatchEvent({type: 'hashchange'});
    }});
}

// Runs `mores` on files of JSON lines, {name: records}, and opens the page that it writes as `view`
// says.
function makePage(files, command, view) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mores-page-'));
  try {
    for (const [name, records] of Object.entries(files)) {
      fs.writeFileSync(path.join(folder, name),
        records.map((record) => JSON.stringify(record) + '\n').join(''));
    }
    execFileSync(path.resolve(process.env.MORES ?? 'build/release/mores'), command,
      {cwd: folder, stdio: 'pipe'});
    return openPage(fs.readFileSync(path.join(folder, 'page.html'), 'utf8'), view);
  } finally {
    fs.rmSync(folder, {recursive: true});
  }
}

// A verdict line; `fields` over what most tests need.
function verdict(id, p, fields) {
  return {id, label: p > 0.5 ? 'unsafe' : 'safe', p_unsafe: p, other_mass: 0, threshold: 0.5,
    lang: 'en', critique: '', model: 'toy@1', prompt: 'toy@2', usage: {prompt_tokens: 5,
      completion_tokens: 1}, input: {messages: [{role: 'user', content: `question ${id}`},
      {role: 'assistant', content: `answer ${id}`}]}, ...fields};
}

module.exports = {makePage, openPage, verdict};
