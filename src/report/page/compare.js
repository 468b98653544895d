// The page of `mores compare`.

const ITEMS = DATA.items;
const HAS_GOLD = SUMMARY.with_gold > 0;
ITEMS.forEach((item, i) => {
  item.order = i;
  item.from = item.first.label;
  item.to = item.second.label;
  item.flipped = item.from !== item.to;
  item.effect = !item.flipped ? 'same' : !defined(item.expected) ? 'changed'
    : item.to === item.expected ? 'mended' : item.from === item.expected ? 'broken' : 'changed';
});

function headline() {
  const flips = SUMMARY.became_unsafe + SUMMARY.became_safe + SUMMARY.other_flips;
  const tiles = [
    tile('Items in both', count(SUMMARY.items), '',
      SUMMARY.only_first.length + SUMMARY.only_second.length
        ? `only in one: ${count(SUMMARY.only_first.length)}, ${count(SUMMARY.only_second.length)}`
        : 'and in no other'),
    shareTile('Same label', SUMMARY.agreement),
    tile('Flips', count(flips), '', `${count(SUMMARY.became_unsafe)} to unsafe, ` +
      `${count(SUMMARY.became_safe)} to safe` +
      (SUMMARY.other_flips ? `, ${count(SUMMARY.other_flips)} other` : ''))];
  const accuracy = SUMMARY.accuracy;
  if (accuracy) {
    const d = accuracy.difference;
    tiles.push(shareTile('Accuracy, first', accuracy.first),
      shareTile('Accuracy, second', accuracy.second),
      tile('Second less first', sign(d.value, percent(d.value)), 'points',
        rangeText(d, (x) => sign(x, percent(x))), bar(d, -0.2, 0.2)),
      tile('McNemar mid-p', pValue(accuracy.mcnemar_mid_p), '',
        'by query ' + pValue(accuracy.sign_flip_p)),
      tile('Mended, broken', `${count(SUMMARY.mended)}, ${count(SUMMARY.broken)}`, '',
        'wrong to right, right to wrong'));
  }
  return h('div', {class: 'tiles'}, tiles);
}

function flipMatrix() {
  const labels = ['unsafe', 'safe', 'unparsed'].filter((label) =>
    ITEMS.some((item) => item.from === label || item.to === label));
  const cell = (from, to) => {
    const n = ITEMS.filter((item) => item.from === from && item.to === to).length;
    return h('div', {class: 'cell'}, h('b', {}, count(n)),
      h('span', {}, percent(n / ITEMS.length) + ' %'));
  };
  return h('div', {class: 'matrix ' + ['', 'one', '', 'three'][labels.length]}, h('span', {}),
    labels.map((to) => h('div', {class: 'label top'}, 'then ' + to)),
    labels.map((from) => [h('div', {class: 'label'}, 'first ' + from),
      labels.map((to) => cell(from, to))]));
}

// Ten thousand points are drawn on a canvas; the figures beside it say the same in words.
function scatter() {
  const scored = ITEMS.filter((item) => defined(item.first.p) && defined(item.second.p));
  if (!scored.length) return null;
  const canvas = h('canvas', {role: 'img', 'aria-label':
    'Probability of unsafe by the first against that by the second'});
  function draw() {
    const size = Math.max(220, Math.min(460, canvas.parentElement.clientWidth - 40));
    const ratio = window.devicePixelRatio || 1;
    canvas.width = canvas.height = size * ratio;
    place(canvas, {width: size + 'px', height: size + 'px'});
    const context = canvas.getContext('2d');
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    context.scale(ratio, ratio);
    const left = 34, bottom = 26, span = size - left - 8, x = (p) => left + p * span;
    const y = (p) => size - bottom - p * (size - bottom - 8);
    context.font = '12px system-ui, sans-serif';
    for (const p of [0, 0.5, 1]) {
      context.strokeStyle = color('--line');
      context.strokeRect(x(0), y(1), x(1) - x(0), y(0) - y(1));
      context.fillStyle = color('--muted');
      context.textAlign = 'center';
      context.fillText(String(p), x(p), size - 8);
      context.textAlign = 'right';
      context.fillText(String(p), left - 6, y(p) + 4);
    }
    context.strokeStyle = color('--faint');
    context.setLineDash([3, 4]);
    context.beginPath();
    context.moveTo(x(0), y(0));
    context.lineTo(x(1), y(1));
    context.stroke();
    context.globalAlpha = scored.length > 2000 ? 0.35 : 0.65;
    const colors = {same: color('--faint'), mended: color('--safe'), broken: color('--unsafe'),
      changed: color('--accent')};
    for (const flipped of [false, true]) {
      for (const item of scored) {
        if (item.flipped !== flipped) continue;
        context.fillStyle = colors[item.effect];
        context.beginPath();
        context.arc(x(item.first.p), y(item.second.p), flipped ? 3 : 2, 0, 7);
        context.fill();
      }
    }
  }
  requestAnimationFrame(draw);
  document.addEventListener('themechange', draw);
  window.addEventListener('resize', draw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  const legend = [['same', 'same label'], ...(HAS_GOLD
    ? [['mended', 'mended'], ['broken', 'broken']] : []),
    ['changed', HAS_GOLD ? 'other flips' : 'flipped']];
  const dot = (kind) => place(h('span', {class: 'swatch'}), {background: `var(${
    {same: '--faint', mended: '--safe', broken: '--unsafe', changed: '--accent'}[kind]})`});
  const m = SUMMARY.mean_p_shift;
  const half = h('div', {class: 'card'}, h('h3', {}, 'Labels'), flipMatrix());
  return section('Probabilities', 'Across: the first. Up: the second. On the dotted line nothing ' +
    `changed. On average the second gives ${sign(m.value, decimal(m.value))} ` +
    `(${rangeText(m, (x) => sign(x, decimal(x)))}).`, null,
  h('div', {class: 'two'}, h('div', {class: 'card'}, h('div', {class: 'legend'},
    legend.map(([kind, text]) => h('span', {}, dot(kind), text))), canvas), half));
}

function arrow(item) {
  return h('span', {}, chip(item.from), item.flipped ? [' \u2192 ', chip(item.to)] : null);
}

function itemRow(item) {
  const shift = defined(item.first.p) && defined(item.second.p)
    ? item.second.p - item.first.p : null;
  return [
    h('span', {class: 'p'}, shift === null ? h('span', {class: 'muted'}, 'no probability')
      : h('b', {title: `${item.first.p.toFixed(3)} to ${item.second.p.toFixed(3)}`},
        sign(shift, shift.toFixed(3)))),
    arrow(item), h('span', {}, defined(item.expected) ? chip(item.expected) : '',
      item.effect === 'broken' ? ' \u2717' : item.effect === 'mended' ? ' \u2713' : ''),
    h('span', {class: 'id'}, item.id),
    h('span', {class: 'where'}, [item.lang, item.category || '']
      .filter((x) => x).join(' \u00b7 '))];
}

function side(name, verdict) {
  return h('div', {}, h('h3', {}, name),
    h('div', {class: 'facts'}, chip(verdict.label), defined(verdict.p)
      ? h('span', {}, `P(unsafe) ${verdict.p.toFixed(3)}, ` +
        `threshold ${verdict.threshold.toFixed(3)}`)
      : null),
    verdict.critique ? h('p', {class: 'critique', dir: 'auto'}, verdict.critique) : null);
}

function itemDetail(item) {
  const mayHarm = item.from !== 'safe' || item.to !== 'safe' || item.expected === 'unsafe' ||
    item.refuses === true;
  return [h('div', {class: 'sides'}, side('First', item.first), side('Second', item.second)),
    item.flipped ? coveredText(item, mayHarm)
      : h('p', {class: 'muted'}, 'Texts and critiques are in this page for flipped items only.')];
}

function itemSection() {
  const state = {show: 'flipped', lang: '', search: '', order: 'shift'};
  const shift = (item) => Math.abs((item.second.p ?? 0) - (item.first.p ?? 0));
  const orders = {shift: (a, b) => shift(b) - shift(a) || a.order - b.order,
    file: (a, b) => a.order - b.order};
  const shows = {flipped: (i) => i.flipped, unsafe: (i) => i.flipped && i.to === 'unsafe',
    safe: (i) => i.flipped && i.to === 'safe', mended: (i) => i.effect === 'mended',
    broken: (i) => i.effect === 'broken', all: () => true};
  const list = itemList({items: ITEMS.slice(), rowClass: 'compare', rowOf: itemRow,
    detailOf: itemDetail,
    columns: ['Change of P', 'Label', HAS_GOLD ? 'Expected' : '', 'Id', ''],
    keep: (item) => shows[state.show](item) && (!state.lang || item.lang === state.lang) &&
      (!state.search || searchable(item).includes(state.search)),
    compare: () => orders[state.order]});
  const change = (key) => (value) => { state[key] = value; list.refresh(); };
  const choices = [['flipped', 'all flips'], ['unsafe', 'flips to unsafe'],
    ['safe', 'flips to safe'],
    ...(HAS_GOLD ? [['mended', 'mended'], ['broken', 'broken']] : []), ['all', 'all items']];
  const filters = h('div', {class: 'filters', role: 'search'}, searchBox(change('search')),
    select('Show', choices, change('show')),
    new Set(ITEMS.map((item) => item.lang)).size > 1
      ? select('Language', facetOptions(ITEMS, 'lang', 'any'), change('lang')) : null,
    select('Order', [['shift', 'largest change first'], ['file', 'as in the file']],
      change('order')));
  list.refresh();
  const node = section('Items', 'Click a row to read it. Text that may be harmful stays hidden ' +
    'until you ask for it.', null, filters, list.node);
  node.id = 'items';
  return node;
}

function onlyIn(name, ids) {
  if (!ids.length) return null;
  return h('details', {}, h('summary', {}, `${plural(ids.length, 'id')} only in the ${name}`),
    h('p', {class: 'mono'}, ids.slice(0, 500).join(', ') + (ids.length > 500 ? ', \u2026' : '')));
}

append(document.getElementById('page'), [
  pageHeader('Two sets of verdicts, compared', [
    ['First', SUMMARY.first.verdicts.map((file) => file.path).join(', ')],
    ['by', SUMMARY.first.models.join(', ')],
    ['Second', SUMMARY.second.verdicts.map((file) => file.path).join(', ')],
    ['by', SUMMARY.second.models.join(', ')]]),
  headline(), scatter(), itemSection(),
  section('Notes', null, null, h('div', {class: 'notes'},
    h('p', {}, 'Intervals are 95 % percentile intervals, resampled by query; the difference is ' +
      'of the same items on the same resamples. McNemar\u2019s test takes items as independent; ' +
      'the p-value by query flips the sign of each query\u2019s difference. Where the two sides ' +
      'state different expected labels for an item, it has none here.'),
    onlyIn('first', SUMMARY.only_first), onlyIn('second', SUMMARY.only_second),
    h('div', {class: 'files'}, h('h3', {}, 'Files'), fileLines(SUMMARY.first.verdicts),
      fileLines(SUMMARY.second.verdicts))))]);
