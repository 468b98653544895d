// Lists of items: rows, what opens below one, filters. Shared by all pages.

// ---- texts --------------------------------------------------------------------------------------

const FOLDED_LENGTH = 1200;     // code units shown of a long text at first
const UNFOLDED_LENGTH = 20000;  // when more is asked for; then five times as much, each time
const FIRST_WORDS = 180;

// The beginning of a text, which never ends inside of a character.
function beginning(text, length) {
  if (text.length <= length) return text;
  const code = text.charCodeAt(length - 1);
  return text.slice(0, code >= 0xd800 && code < 0xdc00 ? length - 1 : length);
}

function firstWords(text) {
  const words = beginning(text, 4 * FIRST_WORDS).replace(/\s+/g, ' ').trim();
  const first = beginning(words, FIRST_WORDS);
  return first.length < words.length || text.length > 4 * FIRST_WORDS ? first + '\u2026' : first;
}

function tongue(item) { return item.lang === 'zh' || item.lang === 'en' ? item.lang : 'und'; }

// A text of which the beginning is shown until more is asked for. The direction is that of the text
// itself, as are its line breaks.
function longText(text, attributes) {
  const words = h('div', {dir: 'auto', ...attributes});
  if (text.length <= 1.2 * FOLDED_LENGTH) return append(words, [text]);
  let length = FOLDED_LENGTH;
  const told = h('span', {class: 'muted'});
  const more = h('button', {class: 'plain', type: 'button', onclick: () => {
    length = length === FOLDED_LENGTH ? UNFOLDED_LENGTH : 5 * length;
    show();
  }}, say('more'));
  const less = h('button', {class: 'plain', type: 'button', onclick: () => {
    length = FOLDED_LENGTH;
    show();
  }}, say('less'));
  function show() {
    const part = beginning(text, length);
    const whole = part.length === text.length;
    words.replaceChildren(visible(part) + (whole ? '' : '\u2026'));
    told.replaceChildren(say('shown_of', {shown: part.length, all: text.length}));
    more.disabled = whole;
    less.disabled = length === FOLDED_LENGTH;
  }
  show();
  return h('div', {class: 'folded'}, words, h('div', {class: 'fold'}, told, more, less));
}

function turnList(item) {
  const last = item.messages.length - 1;
  return h('div', {class: 'turns'}, item.messages.map((turn, i) =>
    h('div', {class: 'turn' + (i === last ? ' judged' : '')},
      h('span', {class: 'role'}, named('role', turn.role),
        i === last ? say('judged_turn') : null),
      longText(turn.content, {class: 'words', lang: tongue(item)}))));
}

// Whether anyone, anywhere, calls this unsafe, or nobody knows.
function mayHarm(item) {
  const verdicts = item.first ? [item.first, item.second] : [item];
  return item.expected === 'unsafe' || item.disputed === true || item.refuses === true ||
    verdicts.some((verdict) => verdict.label !== 'safe' || defined(verdict.stored) ||
      verdict.reviewed?.label === 'unsafe' ||
      (verdict.places || []).some((result) => result.label !== 'safe'));
}

// Text that may be harmful is not in the document until it is asked for; once it was, the page
// remembers. `fill` puts it there.
function covered(item, name, lead, fill) {
  if (item.asked || !item.harms) return fill();
  const cover = h('div', {class: 'cover'}, lead,
    h('button', {class: 'control', type: 'button', onclick: () => {
      item.asked = true;
      const text = fill();
      text.tabIndex = -1;
      cover.replaceWith(text);
      text.focus({preventScroll: true});
      item.uncover?.();
    }}, name));
  item.coverOpened = () => { if (cover.parentElement) cover.replaceWith(fill()); };
  return cover;
}

function dialogue(item) {
  if (!DATA.with_text) return h('p', {class: 'muted'}, say('without_texts'));
  if (!item.messages) return h('p', {class: 'muted'}, say('text_unknown'));
  return covered(item, say('show_text'), say('may_harm'), () => turnList(item));
}

// In the place of words that may harm stands a blurred filler that knows nothing of them but about
// how long they are: nothing to read, to copy or to hear.
function filler(text) {
  const length = Math.min(text.length, 90);
  let words = '';
  for (let i = 0; words.length < length; ++i) words += 'nonumo'.slice(0, 2 + (i * 7) % 5) + ' ';
  return h('span', {class: 'filler', 'aria-hidden': 'true'}, words);
}

// How `texts`, a list of [name, text, open], begin: question and answer, as a rule. What is open
// may be read by anyone.
function gist(item, texts) {
  if (!texts.length) return null;
  const lines = h('div', {class: 'gist'});
  function line([name, text, open], hidden) {
    return h('div', {class: 'said'}, h('span', {class: 'who'}, name),
      hidden && !open ? filler(text) : h('span', {class: 'words', dir: 'auto', lang: tongue(item)},
        firstWords(text)));
  }
  function show() {
    const hidden = item.harms && !item.asked && texts.some(([name, text, open]) => !open);
    const button = hidden ? h('button', {class: 'plain', type: 'button',
      'aria-label': say('show_words_of', {id: item.id}), onclick: (event) => {
        event.stopPropagation();
        item.asked = true;
        show();
        item.coverOpened?.();
      }}, say('show_words')) : null;
    lines.replaceChildren(h('div', {class: 'lines'}, texts.map((one) => line(one, hidden))),
      ...(button ? [button] : []));
  }
  item.uncover = show;
  show();
  return lines;
}

function exchange(item) {
  const messages = item.messages || [];
  if (!messages.length) return [];
  const query = messages.slice(0, -1).filter((turn) => turn.role === 'user').at(-1);
  return [...(query ? [[say('question'), query.content]] : []),
    [say('answer'), messages.at(-1).content]];
}

// ---- verdicts -----------------------------------------------------------------------------------

function probability(p) {
  if (!defined(p)) return h('span', {class: 'p muted'}, say('no_probability'));
  return h('span', {class: 'p', title: say('probability_of_unsafe')},
    h('span', {class: 'track', 'aria-hidden': 'true'},
      place(h('span', {}), {width: 100 * p + '%'})),
    h('b', {}, p.toFixed(3)));
}

// "CN": the browser knows the countries' names in both languages.
function placeName(code) {
  const country = /^[A-Z]{2}/.exec(code)?.[0];
  if (!country) return '';
  try {
    const name = new Intl.DisplayNames([language], {type: 'region', fallback: 'none'})
      .of(country);
    return name && code.length === 2 ? name : name ? `${name}, ${code.slice(3)}` : '';
  } catch {
    return '';
  }
}

function placeChips(results) {
  // A place that is given and swapped in too is said once, unless it differs.
  const said = new Set();
  return (results || []).filter(({place: code, label, basis}) => {
    const key = `${code} ${label} ${basis}`;
    return !said.has(key) && said.add(key);
  }).map((result) => chip(result.label, [isolated(result.place), ' ',
    labelWord(result.label), result.basis ? ` (${named('basis', result.basis)})` : '']));
}

// Guidelines whose texts were at hand when the page was made.
const GUIDELINES = new Map((SUMMARY.places?.guidelines || []).filter((one) => one.text).map((one) =>
  [`${one.id}@${one.version}`, one]));

function guidelineText({id, version}) {
  const known = GUIDELINES.get(`${id}@${version}`);
  const other = known && known.current_version !== version;
  return [h('span', {class: 'mono'}, isolated(id)), ' ', say('version', {version: String(version)}),
    known ? [' \u00b7 ', named('guideline_kind', known.kind), ' \u00b7 ',
      named('status', known.status), other ? ' \u00b7 ' + (known.current_version
        ? say('newer_version', {version: String(known.current_version)}) : say('gone')) : '',
      longText(known.text, {class: 'rule-text'})] : null];
}

function placeCard(item, result) {
  const remarks = [result.low_coverage ? say('low_coverage') : '',
    result.truncated ? say('truncated_beside') : '',
    result.invented ? say('invented', {n: result.invented}) : ''].filter((x) => x);
  return h('div', {class: 'place'},
    h('div', {class: 'facts'}, chip(result.label),
      h('b', {}, isolated(result.place), placeName(result.place)
        ? [' ', isolated(placeName(result.place))] : null),
      result.basis ? h('span', {}, say('rests_on', {basis: named('basis', result.basis)})) : null,
      h('span', {}, named('origin', result.origin)),
      defined(result.p) ? h('span', {}, say('p_is', {p: result.p.toFixed(3)})) : null,
      h('span', {}, named('response', result.type)),
      h('span', {}, say('guidelines_shown', {n: result.shown}))),
    result.critique ? longText(result.critique, {class: 'critique', lang: tongue(item)}) : null,
    result.cited ? [h('h3', {}, say('cited')), h('ul', {class: 'cited'},
      result.cited.map((one) => h('li', {}, guidelineText(one))))] : null,
    result.unsupported ? [h('h3', {}, say('unsupported')), h('ul', {class: 'cited'},
      result.unsupported.map((sentence) => h('li', {dir: 'auto'}, sentence)))] : null,
    remarks.map((remark) => h('p', {class: 'muted'}, remark)));
}

function placeCards(item, verdict) {
  if (!verdict.places?.length) return null;
  return [h('h3', {}, say('in_places', {day: verdict.as_of || '-'})),
    verdict.places.map((result) => placeCard(item, result))];
}

// The label of a verdict by another threshold; null is its own. What is in doubt stays in doubt.
function labelBy(verdict, threshold) {
  if (threshold === null || !defined(verdict.p)) return verdict.label;
  const open = verdict.label === 'unparsed' || verdict.unparsed_reason;
  if (open && verdict.unparsed_reason !== 'label_mass') return 'unparsed';
  if ((verdict.other || 0) > 0.5) return 'unparsed';
  if (verdict.p > threshold) return 'unsafe';
  // What a server kept back is never safe.
  return verdict.refusal || ['content_filter', 'error'].includes(verdict.finish_reason)
    ? 'unparsed' : 'safe';
}

// What there is to say of a reply beside its label.
function remarksOf(verdict) {
  const odd = (verdict.oddities || []).map((name) => named('oddity', name));
  return [
    verdict.unparsed_reason
      ? sayParts('unparsed_because', {reason: named('unparsed', verdict.unparsed_reason)}) : null,
    verdict.finish_reason
      ? sayParts('reply_ended', {reason: named('finish', verdict.finish_reason)}) : null,
    verdict.refusal ? sayParts('server_refused', {text: verdict.refusal}) : null,
    odd.length ? sayParts('reply_odd', {what: odd.join(', ')}) : null,
    verdict.rule ? say('by_rule', {rule: String(verdict.rule)}) : null,
    verdict.truncated ? say('truncated') : null].filter((x) => x);
}

// One verdict whole: what decided, what the reply was like, the critique, the places.
function verdictDetail(item, verdict, facts) {
  const remarks = remarksOf(verdict);
  return [
    verdict.critique ? longText(verdict.critique, {class: 'critique', lang: tongue(item)}) : null,
    h('div', {class: 'facts'}, facts.filter((x) => x).map((fact) => h('span', {}, fact))),
    remarks.length ? h('ul', {class: 'remarks'}, remarks.map((one) => h('li', {}, one))) : null,
    placeCards(item, verdict)];
}

// ---- finding items ------------------------------------------------------------------------------

function wordsOf(verdict) {
  return [verdict.critique, verdict.refusal, verdict.unparsed_reason,
    ...(verdict.oddities || []), ...(verdict.places || []).flatMap((result) =>
      [result.place, result.critique, ...(result.cited || []).map((one) => one.id)])];
}

function searchable(item) {
  if (item.haystack === undefined) {
    item.haystack = [item.id, item.category, ...[item, item.first || {}, item.second || {}]
      .flatMap(wordsOf), ...(item.messages || []).map((turn) => turn.content)]
      .filter((x) => x).join('\n').toLowerCase();
  }
  return item.haystack;
}

function placesIn(item) {
  return [item, item.first || {}, item.second || {}].flatMap((verdict) =>
    (verdict.places || []).map((result) => result.place));
}

function distinct(values) { return [...new Set(values.filter((x) => x))].sort(); }

function searchBox(onInput) {
  let timer = 0;
  return h('input', {id: 'search', class: 'control search', type: 'search',
    placeholder: say('search'), 'aria-label': say('search_in'), value: view('q'), oninput: (event) => {
      clearTimeout(timer);
      const node = event.currentTarget;
      timer = setTimeout(() => {
        setView('q', node.value.trim());
        onInput();
      }, 150);
    }});
}

// A filter is {name, label, none, values: [[value, text]...], keep(item, value)}; `none` names the
// choice of nothing, which `keep` is asked about too if it is asked `always`. Values that the page
// doesn't have, as in an old link, are none.
function filterRow(filters, orders, refresh) {
  const choose = (name, first) => (value) => {
    setView(name, value === first ? '' : value);
    refresh();
  };
  return h('div', {class: 'filters', role: 'search'}, searchBox(refresh),
    filters.map((one) => select(one.label, [['', one.none || say('any')], ...one.values],
      choose(one.name, ''), view(one.name, '', one.values.map(([value]) => value)))),
    select(say('order'), orders.map(([key, text]) => [key, text]), choose('order', orders[0][0]),
      view('order', orders[0][0], orders.map(([key]) => key))));
}

function keeps(filters) {
  const wanted = filters.map((one) => [one, view(one.name, '', one.values.map(([v]) => v))])
    .filter(([one, value]) => value !== '' || one.always);
  const words = view('q').toLowerCase();
  return (item) => wanted.every(([one, value]) => one.keep(item, value)) &&
    (!words || searchable(item).includes(words));
}

// Filters that every page with verdicts has, where there is something to choose.
function commonFilters(items) {
  const of = (name, label, values, keep, least = 2) =>
    values.length < least ? null : {name, label, values, keep};
  const plain = (values) => values.map((value) => [value, value]);
  return [
    of('language', say('language'), distinct(items.map((item) => item.lang))
      .map((value) => [value, named('lang', value)]), (item, value) => item.lang === value),
    of('category', say('category'), plain(distinct(items.map((item) => item.category))),
      (item, value) => item.category === value),
    of('place', say('place'), distinct(items.flatMap(placesIn)).map((code) =>
      [code, placeName(code) ? `${code} ${placeName(code)}` : code]),
    (item, value) => placesIn(item).includes(value), 1),
    of('set', say('set'), plain(distinct(items.map((item) => item.set))),
      (item, value) => item.set === value)].filter((x) => x);
}

// ---- the list -----------------------------------------------------------------------------------

const PAGE_SIZE = 50;

// `orders` is [[name, text, compare]...], `rowOf(item)` gives {side, tags, texts}, `detailOf(item)`
// what opens below. Rows are made a page at a time, so thousands of items cost no more than fifty.
function itemList({items, filters, orders, rowOf, detailOf}) {
  const list = h('div', {class: 'card list'});
  const before = h('span', {role: 'status', class: 'muted'});
  let shown = [];
  let page = 0;

  function row(item) {
    const {side, tags, texts} = rowOf(item);
    const holder = h('div', {class: 'item' + (item.open ? ' open' : '')});
    const button = h('button', {class: 'id', type: 'button',
      'aria-expanded': String(item.open === true)}, isolated(item.id));
    const toggle = () => {
      item.open = !item.open;
      button.setAttribute('aria-expanded', String(item.open));
      holder.setAttribute('class', 'item' + (item.open ? ' open' : ''));
      if (item.open) holder.append(h('div', {class: 'detail'}, detailOf(item)));
      else holder.lastChild.remove();
    };
    button.addEventListener('click', (event) => {
      event.stopPropagation();
      toggle();
    });
    holder.append(h('div', {class: 'row', onclick: () => {
      // Marking words to copy them isn't a click.
      if (!String(window.getSelection?.() ?? '')) toggle();
    }}, h('div', {class: 'side'}, side),
    h('div', {class: 'main'}, h('div', {class: 'tags'}, button, tags), gist(item, texts)),
    h('span', {class: 'mark', 'aria-hidden': 'true'}, '\u203a')));
    if (item.open) holder.append(h('div', {class: 'detail'}, detailOf(item)));
    return holder;
  }

  function turnTo(next) {
    page = next;
    setView('page', page ? page + 1 : '');
  }

  function draw(direction) {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE_SIZE));
    const begin = page * PAGE_SIZE;
    const end = Math.min(begin + PAGE_SIZE, shown.length);
    const turn = (by) => () => {
      turnTo(page + by);
      draw(by);
    };
    const previous = h('button', {class: 'control', type: 'button', disabled: page === 0,
      onclick: turn(-1)}, say('previous'));
    const next = h('button', {class: 'control', type: 'button', disabled: page + 1 >= pages,
      onclick: turn(1)}, say('next'));
    before.replaceChildren(say('matching', {n: shown.length, all: items.length}));
    list.replaceChildren(
      ...(shown.length ? shown.slice(begin, end).map(row)
        : [h('p', {class: 'empty'}, say('none_matches'))]),
      h('div', {class: 'pager'}, h('span', {}, shown.length
        ? say('from_to', {from: begin + 1, to: end, n: shown.length}) : ''),
      pages > 1 ? h('span', {class: 'turning'}, previous, next) : null));
    if (direction) {
      list.scrollIntoView({block: 'start'});
      const wanted = direction > 0 ? next : previous;
      (wanted.disabled ? (direction > 0 ? previous : next) : wanted).focus({preventScroll: true});
    }
  }

  function refresh() {
    const order = view('order', orders[0][0], orders.map(([name]) => name));
    shown = items.filter(keeps(filters)).sort(orders.find(([name]) => name === order)[2]);
    turnTo(0);
    draw(0);
  }

  // From row to row with the arrows, as in a list.
  list.addEventListener('keydown', (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!step || !event.target.classList?.contains('id')) return;
    const rows = [...list.querySelectorAll('button.id')];
    const next = rows[rows.indexOf(event.target) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });

  const wanted = Number(view('page', '1'));
  refresh();
  if (wanted > 1 && wanted <= Math.ceil(shown.length / PAGE_SIZE)) {
    turnTo(Math.floor(wanted) - 1);
    draw(0);
  }
  return [filterRow(filters, orders, refresh), h('div', {class: 'above'}, before), list];
}

const ITEMS = DATA.items;
ITEMS.forEach((item, i) => { item.order = i; });
