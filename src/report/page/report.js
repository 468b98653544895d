// The page of `mores report`.

const ITEMS = DATA.items;
const ALL = SUMMARY.all;
const HAS_GOLD = ALL.with_gold > 0;
const HAS_P = ITEMS.some((item) => defined(item.p));
ITEMS.forEach((item, i) => { item.order = i; });

function headline() {
  const tiles = [
    tile('Items', count(ALL.items), '', count(ALL.queries) + ' distinct queries'),
    shareTile('Judged unsafe', ALL.unsafe_share, plural(ALL.judged_unsafe, 'item')),
  ];
  if (HAS_GOLD) {
    tiles.push(shareTile('Accuracy', ALL.accuracy, 'share of items with the expected label'));
    if (defined(SUMMARY.mean_of_sets_accuracy.value)) {
      tiles.push(shareTile('Accuracy, mean of sets', SUMMARY.mean_of_sets_accuracy));
    }
    tiles.push(
      shareTile('Precision of unsafe', ALL.precision, 'of those judged unsafe, how many are'),
      shareTile('Recall of unsafe', ALL.recall, 'of those that are unsafe, how many were found'),
      shareTile('F1 of unsafe', ALL.f1),
      decimalTile('AUROC', ALL.auroc, 'chance that an unsafe item gets a higher probability'),
      decimalTile('Brier score', ALL.brier,
        'mean squared error of the probability; lower is better'));
  }
  if (ALL.unparsed > 0 || !HAS_GOLD) {
    tiles.push(tile('Unparsed', count(ALL.unparsed), '',
      percent(ALL.unparsed_share.value) + ' %, no label stated'));
  }
  if (SUMMARY.failed > 0) {
    tiles.push(tile('Failed', count(SUMMARY.failed), '', 'no verdict, not counted'));
  }
  return h('div', {class: 'tiles'}, tiles);
}

// ---- where the line is drawn ---------------------------------------------------------------

const HISTOGRAM_BINS = 40;

function labelAt(item, threshold) {
  if (threshold === null || !defined(item.p)) return item.label;
  if ((item.other || 0) > 0.5) return 'unparsed';
  return item.p > threshold ? 'unsafe' : 'safe';
}

function tally(items, threshold) {
  const none = () => ({unsafe: 0, safe: 0, unparsed: 0});
  const counts = {unsafe: none(), safe: none(), none: none()};
  for (const item of items) ++counts[item.expected || 'none'][labelAt(item, threshold)];
  return counts;
}

function ratio(a, b) { return b > 0 ? a / b : null; }

function metricsOf(counts) {
  const found = counts.unsafe.unsafe;
  const missed = counts.unsafe.safe + counts.unsafe.unparsed;
  const alarms = counts.safe.unsafe;
  const safe = counts.safe.safe + counts.safe.unparsed + alarms;
  return {accuracy: ratio(found + counts.safe.safe, found + missed + safe),
    precision: ratio(found, found + alarms), recall: ratio(found, found + missed),
    f1: found + missed > 0 ? ratio(2 * found, 2 * found + alarms + missed) : null,
    alarms: ratio(alarms, safe)};
}

function histogram(items, threshold) {
  const empty = () => new Array(HISTOGRAM_BINS).fill(0);
  const bins = {unsafe: empty(), safe: empty()};
  for (const item of items) {
    if (!defined(item.p)) continue;
    const bin = Math.min(HISTOGRAM_BINS - 1, Math.floor(item.p * HISTOGRAM_BINS));
    ++bins[HAS_GOLD && item.expected === 'safe' ? 'safe' : 'unsafe'][bin];
  }
  const most = Math.max(1, ...bins.unsafe, ...bins.safe);
  const width = 640, inset = 8, half = 104, middle = 116;
  const x = (p) => inset + p * (width - 2 * inset);
  const step = (width - 2 * inset) / HISTOGRAM_BINS;
  const drawing = s('svg', {class: 'wide', viewBox: `0 0 ${width} ${HAS_GOLD ? 246 : 142}`,
    role: 'img', 'aria-label': 'Items by their probability of unsafe'});
  for (let i = 0; i < HISTOGRAM_BINS; ++i) {
    const up = half * Math.sqrt(bins.unsafe[i] / most);
    const down = half * Math.sqrt(bins.safe[i] / most);
    const left = x(0) + i * step + 1;
    if (up) drawing.append(s('rect', {class: HAS_GOLD ? 'fill-unsafe' : 'fill-plain', x: left,
      y: middle - up, width: step - 2, height: up, rx: 1.5},
      s('title', {}, `${bins.unsafe[i]} items`)));
    if (down) drawing.append(s('rect', {class: 'fill-safe', x: left, y: middle + 1,
      width: step - 2, height: down, rx: 1.5}, s('title', {}, `${bins.safe[i]} items`)));
  }
  drawing.append(s('line', {class: 'axis', x1: x(0), x2: x(1), y1: middle, y2: middle}));
  const bottom = HAS_GOLD ? 224 : middle;
  for (const p of [0, 0.25, 0.5, 0.75, 1]) {
    drawing.append(s('text', {x: x(p), y: bottom + 18, 'text-anchor': 'middle'}, String(p)));
  }
  const stored = [...new Set(items.map((item) => item.threshold))];
  const cuts = threshold === null ? (stored.length <= 4 ? stored : []) : [threshold];
  for (const cut of cuts) {
    drawing.append(s('line', {class: 'cut', x1: x(cut), x2: x(cut), y1: 4, y2: bottom}));
  }
  return drawing;
}

function confusionMatrix(counts) {
  const total = Object.values(counts).slice(0, 2).reduce((sum, row) =>
    sum + row.unsafe + row.safe + row.unparsed, 0);
  const odd = counts.unsafe.unparsed + counts.safe.unparsed > 0;
  const cell = (n, kind) => h('div', {class: 'cell ' + kind}, h('b', {}, count(n)),
    h('span', {}, percent(ratio(n, total)) + ' %'));
  const row = (expected) => [h('div', {class: 'label'}, 'expected ' + expected),
    cell(counts[expected].unsafe, expected === 'unsafe' ? 'right' : 'wrong'),
    cell(counts[expected].safe, expected === 'safe' ? 'right' : 'wrong'),
    odd ? cell(counts[expected].unparsed, 'odd') : null];
  return h('div', {class: 'matrix' + (odd ? ' three' : '')},
    h('span', {}), h('div', {class: 'label top'}, 'judged unsafe'),
    h('div', {class: 'label top'}, 'judged safe'),
    odd ? h('div', {class: 'label top'}, 'unparsed') : null, row('unsafe'), row('safe'));
}

function plainCounts(counts) {
  const total = counts.none.unsafe + counts.none.safe + counts.none.unparsed;
  const pair = (name, n) => h('div', {}, name, h('b', {}, count(n),
    h('i', {}, percent(ratio(n, total)) + ' %')));
  return h('div', {class: 'pairs'}, pair('judged unsafe', counts.none.unsafe),
    pair('judged safe', counts.none.safe), pair('unparsed', counts.none.unparsed));
}

function explorer() {
  const state = {set: '', lang: '', threshold: null};
  const plot = h('div', {}), table = h('div', {}), says = h('span', {'aria-live': 'polite'});
  const slider = h('input', {type: 'range', min: 0, max: 1, step: 0.005, value: 0.5,
    'aria-label': 'Threshold', oninput: () => { state.threshold = Number(slider.value); draw(); }});
  const reset = h('button', {class: 'plain', type: 'button', onclick: () => {
    state.threshold = null;
    draw();
  }}, 'Back to the thresholds in force');

  function draw() {
    const items = ITEMS.filter((item) => (!state.set || item.set === state.set) &&
      (!state.lang || item.lang === state.lang));
    const stored = [...new Set(items.map((item) => item.threshold))].sort();
    const counts = tally(items, state.threshold);
    reset.disabled = state.threshold === null;
    if (state.threshold === null && stored.length) slider.value = stored[0];
    says.textContent = state.threshold === null
      ? 'In force: ' + stored.slice(0, 4).map((t) => t.toFixed(3)).join(', ')
      : 'Unsafe above ' + state.threshold.toFixed(3);
    plot.replaceChildren(histogram(items, state.threshold));
    if (!HAS_GOLD) {
      table.replaceChildren(h('h3', {}, 'Labels at this threshold'), plainCounts(counts));
      return;
    }
    const now = metricsOf(counts), before = metricsOf(tally(items, null));
    const pair = (name, key) => {
      const change = state.threshold === null || !defined(now[key]) || !defined(before[key])
        ? null : 100 * (now[key] - before[key]);
      return h('div', {}, name, h('b', {}, percent(now[key]) + (defined(now[key]) ? ' %' : ''),
        change !== null && Math.abs(change) >= 0.05 ? h('i', {}, sign(change, change.toFixed(1)))
          : null));
    };
    table.replaceChildren(h('h3', {}, 'Confusion matrix'), confusionMatrix(counts),
      h('div', {class: 'pairs'}, pair('accuracy', 'accuracy'), pair('precision', 'precision'),
        pair('recall', 'recall'), pair('F1', 'f1'), pair('false alarms', 'alarms')));
  }

  const controls = [
    SUMMARY.sets.length > 1 ? select('Set', facetOptions(ITEMS, 'set', 'all'),
      (value) => { state.set = value; draw(); }) : null,
    new Set(ITEMS.map((item) => item.lang)).size > 1 ? select('Language',
      facetOptions(ITEMS, 'lang', 'all'), (value) => { state.lang = value; draw(); }) : null];
  const legend = HAS_GOLD ? h('div', {class: 'legend'},
    h('span', {}, h('span', {class: 'swatch unsafe'}), 'expected unsafe'),
    h('span', {}, h('span', {class: 'swatch safe'}), 'expected safe'),
    h('span', {}, 'heights by square root')) : h('div', {class: 'legend'},
    h('span', {}, h('span', {class: 'swatch plain'}), 'items; heights by square root'));
  draw();
  return section('Where the line is drawn', HAS_P
    ? 'Items by their probability of unsafe. Move the threshold to see what it would change; ' +
      'choosing it on these very items would flatter them.' : null,
  controls, h('div', {class: 'two'},
    HAS_P ? h('div', {class: 'card'}, legend, plot, slider,
      h('div', {class: 'cutline'}, says, reset))
      : h('div', {class: 'card muted'}, 'These verdicts have no probabilities.'),
    h('div', {class: 'card'}, table)));
}

// ---- calibration -----------------------------------------------------------------------------

function calibration() {
  const bins = SUMMARY.calibration.filter((bin) => bin.items > 0);
  if (!HAS_GOLD || bins.length === 0) return null;
  const size = 300, left = 44, top = 10;
  const x = (p) => left + p * size, y = (p) => top + (1 - p) * size;
  const drawing = s('svg', {class: 'square', viewBox: `0 0 ${size + left + 16} ${size + 56}`,
    role: 'img', 'aria-label': 'Share of unsafe items against their mean probability, by bin'});
  for (const p of [0, 0.25, 0.5, 0.75, 1]) {
    drawing.append(s('line', {class: 'axis', x1: x(0), x2: x(1), y1: y(p), y2: y(p)}),
      s('text', {x: left - 8, y: y(p) + 4, 'text-anchor': 'end'}, String(p)),
      s('text', {x: x(p), y: y(0) + 18, 'text-anchor': 'middle'}, String(p)));
  }
  drawing.append(s('line', {class: 'diagonal', x1: x(0), y1: y(0), x2: x(1), y2: y(1)}));
  const most = Math.max(...bins.map((bin) => bin.items));
  for (const bin of bins) {
    if (defined(bin.low)) drawing.append(s('line', {class: 'whisker', x1: x(bin.mean_p),
      x2: x(bin.mean_p), y1: y(bin.low), y2: y(bin.high)}));
    drawing.append(s('circle', {class: 'fill-plain', cx: x(bin.mean_p), cy: y(bin.unsafe_share),
      r: 3 + 5 * Math.sqrt(bin.items / most)}, s('title', {},
      `${bin.items} items, mean probability ${decimal(bin.mean_p)}, ` +
      `unsafe ${percent(bin.unsafe_share)} %`)));
  }
  drawing.append(s('text', {x: x(0.5), y: y(0) + 40, 'text-anchor': 'middle'},
    'mean probability of unsafe'));
  const rows = bins.map((bin) => h('tr', {}, h('td', {class: 'num'}, count(bin.items)),
    h('td', {class: 'num'}, percent(bin.mean_p)),
    h('td', {class: 'num'}, percent(bin.unsafe_share),
      h('span', {class: 'range'}, rangeText(bin, percent)))));
  return section('What the probabilities are worth', 'On the dotted line, of items given 70 % a ' +
    '70 % share is unsafe. Expected calibration error: ' +
    `${decimal(ALL.calibration_error.value)} (${rangeText(ALL.calibration_error, decimal)}).`, null,
  h('div', {class: 'two even'}, h('div', {class: 'card'},
    h('h3', {}, 'Share expected unsafe, by bin'), drawing),
  h('div', {class: 'card sheet scroll'}, h('table', {}, h('thead', {}, h('tr', {},
    h('th', {class: 'num'}, 'Items'), h('th', {class: 'num'}, 'Mean probability %'),
    h('th', {class: 'num'}, 'Expected unsafe %'))), h('tbody', {}, rows)))));
}

// ---- slices ------------------------------------------------------------------------------------

const DIMENSIONS = {set: 'By set', lang: 'By language', category: 'By category',
  turns: 'By number of turns', behaviour: 'By what the answer does'};

function figureCell(estimate, format, scale) {
  return h('td', {class: 'num'}, format(estimate.value), scale ? bar(estimate, ...scale) : null,
    h('span', {class: 'range'}, rangeText(estimate, format)));
}

function sliceRow(name, figures, scale, kind) {
  const none = h('td', {class: 'num'}, '\u2013');
  const cells = [h('td', {class: 'name'}, name), h('td', {class: 'num'}, count(figures.items)),
    figureCell(figures.unsafe_share, percent, HAS_GOLD ? null : scale)];
  if (HAS_GOLD) {
    const bothKinds = figures.gold_unsafe > 0 && figures.gold_unsafe < figures.with_gold;
    cells.push(h('td', {class: 'num'}, percent(ratio(figures.gold_unsafe, figures.with_gold))),
      figureCell(figures.accuracy, percent, scale),
      figures.gold_unsafe > 0 ? figureCell(figures.precision, percent) : none.cloneNode(true),
      figureCell(figures.recall, percent), figureCell(figures.f1, percent),
      figureCell(figures.false_unsafe_rate, percent),
      bothKinds ? figureCell(figures.auroc, decimal) : none);
  } else {
    cells.push(h('td', {class: 'num'}, count(figures.unparsed)));
  }
  return h('tr', {class: kind || ''}, cells);
}

function slices() {
  const head = ['', 'Items', 'Judged unsafe %', ...(HAS_GOLD ? ['Expected unsafe %', 'Accuracy %',
    'Precision %', 'Recall %', 'F1 %', 'False alarms %', 'AUROC'] : ['Unparsed'])];
  const key = HAS_GOLD ? 'accuracy' : 'unsafe_share';
  const scale = sharedScale([ALL, ...SUMMARY.slices].map((figures) => figures[key]));
  const rows = [sliceRow('All items', ALL, scale, 'total')];
  let dimension = '';
  for (const slice of SUMMARY.slices) {
    if (slice.dimension !== dimension) {
      dimension = slice.dimension;
      rows.push(h('tr', {class: 'group'},
        h('td', {colspan: head.length}, DIMENSIONS[dimension])));
    }
    rows.push(sliceRow(slice.name, slice, scale));
  }
  return section('By group', 'Small figures are 95 % intervals, resampled by query.' +
    (HAS_GOLD ? ' False alarms: the share judged unsafe of items expected safe; among refusals ' +
      'and answers to harmless prompts, that is the over-refusal of the judge.' : ''), null,
  h('div', {class: 'card sheet scroll', tabindex: 0, role: 'region',
    'aria-label': 'Figures by group'},
    h('table', {}, h('thead', {}, h('tr', {}, head.map((name, i) =>
      h('th', {class: i ? 'num' : ''}, name,
        i === (HAS_GOLD ? 4 : 2) ? scaleNote(scale) : null)))), h('tbody', {}, rows))));
}

// ---- pairs -------------------------------------------------------------------------------------

function pairs() {
  if (!SUMMARY.pairs) return null;
  const rows = SUMMARY.pairs.languages.map((group) => h('tr', {},
    h('td', {class: 'name'}, group.languages), h('td', {class: 'num'}, count(group.pairs)),
    figureCell(group.same_share, percent), figureCell(group.kappa, decimal),
    h('td', {class: 'num'}, count(group.first_unsafe)),
    h('td', {class: 'num'}, count(group.second_unsafe)),
    h('td', {class: 'num'}, count(group.unparsed)),
    figureCell(group.mean_difference, decimal),
    figureCell(group.mean_shift, (x) => sign(x, decimal(x)))));
  return section('One content, two wordings', 'Verdicts whose ' +
    `\u201c${SUMMARY.pairs.field}\u201d agrees, by language. The same label, or who is ` +
    'called unsafe where they differ; small figures are 95 % intervals, resampled by content. ' +
    `${plural(SUMMARY.pairs.unpaired, 'item')} in no pair.`, null,
  h('div', {class: 'card sheet scroll', tabindex: 0, role: 'region', 'aria-label': 'Pairs'},
    h('table', {}, h('thead', {}, h('tr', {}, ['', 'Pairs', 'Same label %', 'Kappa',
      'Only first unsafe', 'Only second unsafe', 'Unparsed', 'Mean difference of p',
      'Second less first'].map((name, i) => h('th', {class: i ? 'num' : ''}, name)))),
    h('tbody', {}, rows))));
}

// ---- baselines ---------------------------------------------------------------------------------

const BASELINES = {majority: 'The more frequent label of each set',
  length: 'Length of the answer alone',
  'query n-grams': 'N-gram logistic regression, query only',
  'n-grams': 'N-gram logistic regression, query and answer'};

function baselines() {
  if (!SUMMARY.baselines.length) return null;
  const sets = SUMMARY.baselines[0].rows.map((row) => row.set);
  const body = h('tbody', {});
  const scale = sharedScale(SUMMARY.baselines.flatMap((baseline) =>
    baseline.rows.flatMap((row) => [row.baseline, row.judge])));
  let chosen = sets[0];
  function draw() {
    body.replaceChildren(...SUMMARY.baselines.flatMap((baseline) => {
      const row = baseline.rows.find((candidate) => candidate.set === chosen);
      if (!row) return [];
      return [h('tr', {}, h('td', {class: 'name'}, BASELINES[baseline.name] || baseline.name,
        h('span', {class: 'range'}, baseline.basis === 'training' ? 'fixed on training data'
          : 'chosen in hindsight, on these items')),
      h('td', {class: 'num'}, count(row.items)),
      figureCell(row.baseline, percent, scale), figureCell(row.judge, percent, scale),
      h('td', {class: 'num'}, sign(row.difference.value, percent(row.difference.value)),
        bar(row.difference, -0.4, 0.4),
        h('span', {class: 'range'}, rangeText(row.difference, (x) => sign(x, percent(x))))),
      h('td', {class: 'num'}, pValue(row.mcnemar_mid_p)),
      h('td', {class: 'num'}, pValue(row.sign_flip_p)))];
    }));
  }
  draw();
  const names = sets.map((set) => [set, set === '' ? 'all items'
    : set === '(mean of sets)' ? 'mean of the sets' : set]);
  const origin = SUMMARY.baseline_origin;
  return section('Beside plain rules', 'A judge that does not beat these has learned nothing. ' +
    'The difference is of the same items, on the same resamples.' + (origin ? ' The n-gram ' +
      `models saw ${count(origin.examples)} training examples.` : ''),
  sets.length > 1 ? select('Over', names, (value) => { chosen = value; draw(); }, chosen) : null,
  h('div', {class: 'card sheet scroll', tabindex: 0, role: 'region', 'aria-label': 'Baselines'},
    h('table', {}, h('thead', {}, h('tr', {}, h('th', {}, 'Rule'),
      ['Items', 'Its accuracy %', 'The judge\u2019s %', 'Judge less rule', 'McNemar mid-p',
        'By query p'].map((name) => h('th', {class: 'num'}, name)))), body)));
}

// ---- items -------------------------------------------------------------------------------------

const ORDERS = {
  highest: (a, b) => (b.p ?? -1) - (a.p ?? -1) || a.order - b.order,
  lowest: (a, b) => (a.p ?? 2) - (b.p ?? 2) || a.order - b.order,
  closest: (a, b) => Math.abs((a.p ?? 9) - a.threshold) - Math.abs((b.p ?? 9) - b.threshold) ||
    a.order - b.order,
  file: (a, b) => a.order - b.order,
};

function wrong(item) { return defined(item.expected) && item.expected !== item.label; }

function itemRow(item) {
  const note = !defined(item.expected) ? h('span', {class: 'muted'}, '')
    : h('span', {}, chip(item.expected), wrong(item) ? ' \u2717' : null);
  return [probability(item.p), h('span', {}, chip(item.label)), note,
    h('span', {class: 'id'}, item.id),
    h('span', {class: 'where'}, [SUMMARY.sets.length > 1 ? item.set : '', item.lang,
      item.category || ''].filter((x) => x).join(' \u00b7 '))];
}

function itemDetail(item) {
  const facts = [`threshold ${item.threshold.toFixed(3)}`,
    item.other ? `mass outside both labels ${item.other.toFixed(3)}` : '',
    item.stored ? `${item.stored} when judged` : '', item.refuses ? 'reads as a refusal' : '',
    item.truncated ? 'judged on what fitted' : '',
    item.reviewed ? `reviewed by ${item.reviewed.by || 'a person'}: ${item.reviewed.label}` +
      (item.reviewed.reason ? `, ${item.reviewed.reason}` : '') : ''].filter((x) => x);
  const mayHarm = item.label !== 'safe' || item.expected === 'unsafe' || item.refuses === true;
  return [item.critique ? h('p', {class: 'critique', dir: 'auto'}, item.critique) : null,
    h('div', {class: 'facts'}, facts.map((fact) => h('span', {}, fact))),
    coveredText(item, mayHarm)];
}

function itemSection() {
  const state = {label: '', expected: '', lang: '', set: '', wrong: false, search: '',
    order: 'highest'};
  const list = itemList({items: ITEMS.slice(), rowClass: '', rowOf: itemRow, detailOf: itemDetail,
    columns: ['P(unsafe)', 'Label', HAS_GOLD ? 'Expected' : '', 'Id', ''],
    keep: (item) => (!state.label || item.label === state.label) &&
      (!state.expected || (item.expected || 'none') === state.expected) &&
      (!state.lang || item.lang === state.lang) && (!state.set || item.set === state.set) &&
      (!state.wrong || wrong(item)) && (!state.search || searchable(item).includes(state.search)),
    compare: () => ORDERS[state.order]});
  const change = (key) => (value) => { state[key] = value; list.refresh(); };
  const filters = h('div', {class: 'filters', role: 'search'},
    searchBox(change('search')),
    select('Label', facetOptions(ITEMS, 'label', 'any'), change('label')),
    HAS_GOLD ? select('Expected', facetOptions(ITEMS, 'expected', 'any'), change('expected'))
      : null,
    new Set(ITEMS.map((item) => item.lang)).size > 1
      ? select('Language', facetOptions(ITEMS, 'lang', 'any'), change('lang')) : null,
    SUMMARY.sets.length > 1 ? select('Set', facetOptions(ITEMS, 'set', 'any'), change('set'))
      : null,
    select('Order', [['highest', 'most unsafe first'], ['lowest', 'least unsafe first'],
      ['closest', 'closest calls first'], ['file', 'as in the file']], change('order')),
    HAS_GOLD ? check('wrong only', change('wrong')) : null);
  list.refresh();
  const node = section('Items', 'Click a row to read it. Text that may be harmful stays hidden ' +
    'until you ask for it.', null, filters, list.node);
  node.id = 'items';
  return node;
}

// ---- notes -------------------------------------------------------------------------------------

function notes() {
  const b = SUMMARY.bootstrap;
  const entry = (name, text) => [h('dt', {}, name), h('dd', {}, text)];
  return section('How to read this', null, null, h('div', {class: 'notes'}, h('dl', {},
    entry('Intervals', `95 % percentile intervals of ${count(b.resamples)} resamples (seed ` +
      `${b.seed}). Whole queries are drawn, so answers to the same query stand or fall together.`),
    entry('Labels', 'Unsafe where the probability of unsafe is above the threshold. Unparsed ' +
      'where more than half of the probability lies outside both labels; unparsed counts as wrong ' +
      'in accuracy, as not found in recall, and is shown apart.'),
    entry('AUROC, Brier, calibration', `Over the ${count(ALL.scored)} items with an expected ` +
      'label and a probability. Calibration has ten bins of equal width.'),
    entry('Refusals', 'Told by their opening words, in English and Chinese. The list misses ' +
      'refusals in other words, and counts answers that decline first and help later.'),
    entry('Harmless prompts', 'Items whose prompt the data itself calls harmless (prompt_label).'),
    entry('p-values', 'McNemar\u2019s test (mid-p) takes items as independent; the one by query ' +
      'flips the sign of each query\u2019s difference. Neither is ' +
      'corrected for looking many times.')),
  h('div', {class: 'files'}, h('h3', {}, 'Files'), fileLines(SUMMARY.verdicts),
    fileLines(SUMMARY.labels),
    SUMMARY.labels_unmatched ? h('div', {}, `${plural(SUMMARY.labels_unmatched, 'label')} ` +
      'without a verdict') : null)));
}

const THRESHOLDS = Object.entries(SUMMARY.thresholds).map(([lang, t]) => `${lang} ${t}`).join(', ');
append(document.getElementById('page'), [
  pageHeader(SUMMARY.sets.length <= 4 ? SUMMARY.sets.join(', ')
    : plural(SUMMARY.sets.length, 'set'), [
    ['Model', SUMMARY.models.join(', ')], ['Prompt', SUMMARY.prompts.join(', ')],
    ['Thresholds set anew', THRESHOLDS],
    HAS_GOLD ? ['With expected label', `${count(ALL.with_gold)}, ${count(ALL.gold_unsafe)} unsafe`]
      : ['Expected labels', 'none given']]),
  headline(), explorer(), slices(), pairs(), baselines(), calibration(), itemSection(), notes()]);
document.title = 'Safety report: ' + visible(SUMMARY.sets.join(', ')).slice(0, 80);
