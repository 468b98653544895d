// The page of `mores meta`: critiques, their AIUs, and each ruling with its reason.

const ITEMS = DATA.items;
const LANGUAGES = Object.entries(SUMMARY.languages);
const correct = (rulings) => rulings.filter((one) => one.outcome === 'correct').length;
const has = (rulings, outcome) => rulings.some((one) => one.outcome === outcome);
ITEMS.forEach((item, i) => {
  item.order = i;
  item.unread = defined(item.extraction_error) || has(item.aius, 'unparsed') ||
    has(item.reference, 'unparsed');
  item.haystack = [item.id, item.critique, ...[...item.aius, ...item.reference].flatMap((one) =>
    [one.text, one.analysis]), ...(item.messages || []).map((turn) => turn.content)]
    .join('\n').toLowerCase();
});

function estimate(group, name) {
  const [kind, figure] = name.split('.');
  return {value: group[kind][figure], ...group.intervals[name]};
}

function headline() {
  const names = {precision: 'precision', recall: 'recall', f1: 'F1'};
  const unparsed = SUMMARY.unparsed;
  const rulings = unparsed.precision + unparsed.recall;
  return h('div', {class: 'tiles'}, ['macro', 'micro'].map((kind) =>
    Object.entries(names).map(([figure, name]) => decimalTile(`${name}, ${kind}`,
      estimate(SUMMARY, `${kind}.${figure}`), kind === 'macro' ? 'mean over critiques'
        : 'of all AIUs pooled'))),
  tile('Unparsed', count(rulings + unparsed.extraction), '',
    `${plural(unparsed.extraction, 'extraction')}, ${plural(rulings, 'ruling')}`));
}

function warnings() {
  const lines = [];
  if (SUMMARY.baseline) lines.push('The judge is a baseline without a model: it compares words ' +
    'and negations, and knows no meanings. Its precision says no more than that the dialogue has ' +
    'a claim\u2019s words.');
  for (const signature of SUMMARY.signatures) {
    lines.push(`Failure signature \u201c${signature.name}\u201d: ${signature.meaning}.`);
  }
  if (SUMMARY.counts.failed) lines.push(`${plural(SUMMARY.counts.failed, 'critique')} could not ` +
    'be measured and are in no figure.');
  return lines.length ? section('Mind', null, null, h('div', {class: 'card notes'},
    lines.map((line) => h('p', {}, line)))) : null;
}

function cell(value) {
  return h('td', {class: 'num'}, decimal(value.value),
    h('span', {class: 'range'}, rangeText(value, decimal)));
}

function groupRow(name, group) {
  return h('tr', {}, h('td', {class: 'name'}, name),
    h('td', {class: 'num'}, count(group.counts.critiques)),
    ['macro.precision', 'macro.recall', 'macro.f1', 'micro.precision', 'micro.recall', 'micro.f1']
      .map((figure) => cell(estimate(group, figure))),
    h('td', {class: 'num'}, count(group.counts.aius)),
    h('td', {class: 'num'}, count(group.counts.reference_aius)),
    h('td', {class: 'num'}, count(group.unparsed.extraction + group.unparsed.precision +
      group.unparsed.recall)));
}

function sheet(label, head, rows) {
  return h('div', {class: 'card sheet scroll', tabindex: 0, role: 'region', 'aria-label': label},
    h('table', {}, h('thead', {}, h('tr', {}, head.map((name, i) =>
      h('th', {class: i ? 'num' : ''}, name)))), h('tbody', {}, rows)));
}

function languages() {
  const names = {en: 'English', zh: 'Chinese', other: 'other'};
  return section('By language', 'Small figures are intervals of 95 %, resampled by critique.',
    null, sheet('Figures by language', ['', 'Critiques', 'Precision, macro', 'Recall, macro',
      'F1, macro', 'Precision, micro', 'Recall, micro', 'F1, micro', 'AIUs', 'Reference AIUs',
      'Unparsed'], [groupRow('All', SUMMARY), ...LANGUAGES.map(([name, group]) =>
      groupRow(names[name], group))]));
}

function lengths() {
  const length = SUMMARY.critique_length;
  if (!length) return null;
  return section('By length', 'A long critique states more, so its recall is higher for its ' +
    `length alone. On average ${Math.round(length.mean)} code points, median ` +
    `${Math.round(length.median)}.`, null, sheet('Recall by length',
    ['Code points', 'Critiques', 'Recall, macro'], length.by_length.map((group) => h('tr', {},
      h('td', {class: 'name'}, `${count(group.shortest)} to ${count(group.longest)}`),
      h('td', {class: 'num'}, count(group.critiques)),
      h('td', {class: 'num'}, decimal(group.macro_recall))))));
}

const CHIPS = {correct: 'safe', incorrect: 'unsafe', unparsed: 'unparsed'};
function rulingList(rulings, words, none) {
  if (!rulings.length) return h('p', {class: 'muted'}, none);
  return h('ol', {class: 'rulings'}, rulings.map((one) => h('li', {},
    chip(CHIPS[one.outcome], words[one.outcome]), ' ', h('span', {dir: 'auto'}, one.text),
    one.analysis ? h('div', {class: 'why', dir: 'auto'}, one.analysis) : null)));
}

function itemRow(item) {
  return [h('span', {class: 'p'}, h('b', {}, decimal(item.f1))),
    h('span', {}, `${correct(item.aius)} of ${item.aius.length}`),
    h('span', {}, `${correct(item.reference)} of ${item.reference.length}`),
    h('span', {class: 'id'}, item.id),
    h('span', {class: 'where'}, item.lang, item.unread ? [' \u00b7 ', chip('unparsed')] : null)];
}

function itemDetail(item) {
  return [h('h3', {}, 'Critique'), item.critique
    ? h('p', {class: 'critique', dir: 'auto'}, item.critique)
    : h('p', {class: 'muted'}, 'The critique is empty.'),
  h('div', {class: 'sides'},
    h('div', {}, h('h3', {}, 'Its claims: does the dialogue bear them out?'),
      defined(item.extraction_error)
        ? h('p', {class: 'muted'}, 'The claims could not be read: ', item.extraction_error)
        : rulingList(item.aius, {correct: 'holds', incorrect: 'does not hold',
          unparsed: 'unparsed'}, 'No claims.')),
    h('div', {}, h('h3', {}, 'The reference\u2019s: does the critique state them?'),
      rulingList(item.reference, {correct: 'stated', incorrect: 'missing',
        unparsed: 'unparsed'}, 'The reference has no claims.'))),
  h('h3', {}, 'Dialogue'), coveredText(item, true)];
}

function itemSection() {
  const state = {show: 'all', lang: '', search: '', order: 'lowest'};
  const orders = {lowest: (a, b) => a.f1 - b.f1 || a.order - b.order,
    highest: (a, b) => b.f1 - a.f1 || a.order - b.order,
    longest: (a, b) => b.critique_code_points - a.critique_code_points || a.order - b.order,
    file: (a, b) => a.order - b.order};
  const shows = {all: () => true, wrong: (i) => has(i.aius, 'incorrect'),
    missing: (i) => has(i.reference, 'incorrect'), unparsed: (i) => i.unread,
    empty: (i) => !i.aius.length || !i.reference.length,
    whole: (i) => i.precision === 1 && i.recall === 1};
  const list = itemList({items: ITEMS.slice(), rowClass: '', rowOf: itemRow,
    detailOf: itemDetail, columns: ['F1', 'Holding', 'Stated', 'Id', ''],
    keep: (item) => shows[state.show](item) && (!state.lang || item.lang === state.lang) &&
      (!state.search || searchable(item).includes(state.search)),
    compare: () => orders[state.order]});
  const change = (key) => (value) => { state[key] = value; list.refresh(); };
  const filters = h('div', {class: 'filters', role: 'search'}, searchBox(change('search')),
    select('Show', [['all', 'all'], ['wrong', 'with a claim that does not hold'],
      ['missing', 'that miss a reference claim'], ['unparsed', 'with unparsed replies'],
      ['empty', 'without claims on a side'], ['whole', 'without fault']], change('show')),
    LANGUAGES.length > 1 ? select('Language', facetOptions(ITEMS, 'lang', 'any'), change('lang'))
      : null,
    select('Order', [['lowest', 'lowest F1 first'], ['highest', 'highest F1 first'],
      ['longest', 'longest critique first'], ['file', 'as in the file']], change('order')));
  list.refresh();
  const node = section('Critiques', 'Click a row to read it. The dialogue stays hidden until you ' +
    'ask for it; critiques may quote it.', null, filters, list.node);
  node.id = 'items';
  return node;
}

function notes() {
  const entry = (name, text) => [h('dt', {}, name), h('dd', {}, text)];
  const b = SUMMARY.bootstrap;
  return section('How to read this', null, null, h('div', {class: 'notes'}, h('dl', {},
    entry('AIU', 'Atomic information unit: one short claim that can be checked by itself.'),
    entry('Precision', 'The share of a critique\u2019s AIUs that hold given the dialogue.'),
    entry('Recall', 'The share of the reference\u2019s AIUs that the critique states.'),
    entry('Macro and micro', 'Macro: means over critiques, 0 where there are no AIUs. Micro: of ' +
      'the pooled counts.'),
    entry('Unparsed', 'A reply of the judge that can\u2019t be read. It counts as not correct.'),
    entry('Intervals', `${count(b.resamples)} resamples of whole critiques (seed ${b.seed}).`))));
}

append(document.getElementById('page'), [
  pageHeader('Critiques, measured', [['Judge', SUMMARY.judge +
    (SUMMARY.baseline ? ' (a baseline)' : '')],
  ['Critiques', count(SUMMARY.counts.critiques)]]),
  headline(), warnings(), languages(), lengths(), itemSection(), notes()]);
document.title = 'Critiques measured by ' + visible(SUMMARY.judge).slice(0, 80);
