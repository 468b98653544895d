// The page of `mores report`.

const HAS_P = ITEMS.some((item) => defined(item.p));
for (const item of ITEMS) item.harms = mayHarm(item);

function headline() {
  const shown = [
    tile(say('items'), count(ALL.items), '', say('distinct_queries', {n: ALL.queries})),
    shareTile(say('judged_unsafe'), ALL.unsafe_share, say('n_items', {n: ALL.judged_unsafe})),
  ];
  if (HAS_GOLD) {
    shown.push(shareTile(say('accuracy'), ALL.accuracy, say('accuracy_is')));
    if (defined(SUMMARY.mean_of_sets_accuracy.value)) {
      shown.push(shareTile(say('accuracy_mean'), SUMMARY.mean_of_sets_accuracy));
    }
    shown.push(
      shareTile(say('precision_of_unsafe'), ALL.precision, say('precision_is')),
      shareTile(say('recall_of_unsafe'), ALL.recall, say('recall_is')),
      shareTile(say('f1_of_unsafe'), ALL.f1),
      decimalTile(say('auroc'), ALL.auroc, say('auroc_is')),
      decimalTile(say('brier'), ALL.brier, say('brier_is')));
  }
  const found = SUMMARY.places;
  if (found) {
    shown.splice(2, 0, shareTile(say('unsafe_own'), found.unsafe_in_place, say('unsafe_own_is',
      {n: found.items})),
    shareTile(say('unsafe_general_or_own'), SUMMARY.unsafe_share));
  }
  if (SUMMARY.undecided > 0 || !HAS_GOLD) {
    shown.push(tile(say('unparsed'), count(SUMMARY.undecided), '', found
      ? say('undecided_is', {n: ALL.unparsed})
      : say('unparsed_is', {share: percent(ALL.unparsed_share.value)})));
  }
  if (SUMMARY.failed > 0) {
    shown.push(tile(say('failed'), count(SUMMARY.failed), '', say('failed_is')));
  }
  return tiles(shown);
}

// ---- where the line is drawn ---------------------------------------------------------------

const HISTOGRAM_BINS = 40;

function tally(items, threshold) {
  const none = () => ({unsafe: 0, safe: 0, unparsed: 0});
  const counts = {unsafe: none(), safe: none(), none: none()};
  for (const item of items) ++counts[item.expected || 'none'][labelBy(item, threshold)];
  return counts;
}

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
    role: 'img', 'aria-label': say('histogram')});
  for (let i = 0; i < HISTOGRAM_BINS; ++i) {
    const up = half * Math.sqrt(bins.unsafe[i] / most);
    const down = half * Math.sqrt(bins.safe[i] / most);
    const left = x(0) + i * step + 1;
    if (up) drawing.append(s('rect', {class: HAS_GOLD ? 'fill-unsafe' : 'fill-plain', x: left,
      y: middle - up, width: step - 2, height: up, rx: 1.5},
      s('title', {}, say('n_items', {n: bins.unsafe[i]}))));
    if (down) drawing.append(s('rect', {class: 'fill-safe', x: left, y: middle + 1,
      width: step - 2, height: down, rx: 1.5}, s('title', {}, say('n_items', {n: bins.safe[i]}))));
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
    h('span', {}, share(ratio(n, total))));
  const row = (expected) => [h('div', {class: 'label'}, say('expected_' + expected)),
    cell(counts[expected].unsafe, expected === 'unsafe' ? 'right' : 'wrong'),
    cell(counts[expected].safe, expected === 'safe' ? 'right' : 'wrong'),
    odd ? cell(counts[expected].unparsed, 'odd') : null];
  return h('div', {class: 'matrix' + (odd ? ' three' : '')},
    h('span', {}), h('div', {class: 'label top'}, say('judged_unsafe')),
    h('div', {class: 'label top'}, say('judged_safe')),
    odd ? h('div', {class: 'label top'}, say('unparsed')) : null, row('unsafe'), row('safe'));
}

function plainCounts(counts) {
  // Safe and unsafe are shares of what has a label, as in the tiles: unparsed is no safe item.
  const labelled = counts.none.unsafe + counts.none.safe;
  const pair = (name, n, total) => h('div', {}, name, h('b', {}, count(n),
    h('i', {}, share(ratio(n, total)))));
  return h('div', {class: 'pairs'}, pair(say('judged_unsafe'), counts.none.unsafe, labelled),
    pair(say('judged_safe'), counts.none.safe, labelled),
    pair(say('unparsed'), counts.none.unparsed, labelled + counts.none.unparsed));
}

function explorer() {
  const plot = h('div', {}), table = h('div', {}), says = h('span', {'aria-live': 'polite'});
  const cut = () => {
    const value = Number(view('cut', 'none'));
    return value >= 0 && value <= 1 ? value : null;
  };
  const slider = h('input', {type: 'range', min: 0, max: 1, step: 0.005, value: cut() ?? 0.5,
    'aria-label': say('threshold'), oninput: () => { setView('cut', slider.value); draw(); }});
  const reset = h('button', {class: 'plain', type: 'button', onclick: () => {
    setView('cut', '');
    draw();
  }}, say('threshold_back'));
  const sets = distinct(ITEMS.map((item) => item.set));
  const languages = distinct(ITEMS.map((item) => item.lang));

  function draw() {
    const threshold = cut(), set = view('cut-set', '', sets);
    const lang = view('cut-language', '', languages);
    const items = ITEMS.filter((item) => (!set || item.set === set) &&
      (!lang || item.lang === lang));
    const stored = [...new Set(items.map((item) => item.threshold))].sort((a, b) => a - b);
    const counts = tally(items, threshold);
    reset.disabled = threshold === null;
    if (threshold === null && stored.length) slider.value = stored[0];
    says.replaceChildren(threshold === null
      ? say('in_force', {thresholds: stored.slice(0, 4).map((t) => t.toFixed(3)).join(', ')})
      : say('unsafe_above', {threshold: threshold.toFixed(3)}));
    plot.replaceChildren(histogram(items, threshold));
    if (!HAS_GOLD) {
      table.replaceChildren(h('h3', {}, say('labels_at')), plainCounts(counts));
      return;
    }
    const now = metricsOf(counts), before = metricsOf(tally(items, null));
    const pair = (key) => {
      const change = threshold === null || !defined(now[key]) || !defined(before[key])
        ? null : 100 * (now[key] - before[key]);
      return h('div', {}, say('metric_' + key), h('b', {}, share(now[key]),
        change !== null && Math.abs(change) >= 0.05 ? h('i', {}, sign(change, change.toFixed(1)))
          : null));
    };
    table.replaceChildren(h('h3', {}, say('confusion')), confusionMatrix(counts),
      h('div', {class: 'pairs'}, ['accuracy', 'precision', 'recall', 'f1', 'alarms'].map(pair)));
  }

  const choose = (name) => (value) => { setView(name, value); draw(); };
  const options = (values) => [['', say('all')], ...values];
  const controls = [
    sets.length > 1 ? select(say('set'), options(sets.map((set) => [set, set])),
      choose('cut-set'), view('cut-set', '', sets)) : null,
    languages.length > 1 ? select(say('language'), options(languages.map((lang) =>
      [lang, named('lang', lang)])), choose('cut-language'),
    view('cut-language', '', languages)) : null];
  const swatch = (kind, text) => h('span', {}, h('span', {class: 'swatch ' + kind}), text);
  const legend = h('div', {class: 'legend'}, HAS_GOLD
    ? [swatch('unsafe', say('expected_unsafe')), swatch('safe', say('expected_safe')),
      h('span', {}, say('square_root'))] : swatch('plain', say('items_square_root')));
  draw();
  return section({id: 'threshold', title: say('threshold_title'), nav: say('threshold'),
    lead: HAS_P ? say('threshold_lead') : null, controls}, h('div', {class: 'two'},
    HAS_P ? h('div', {class: 'card'}, legend, plot, slider,
      h('div', {class: 'cutline'}, says, reset))
      : h('div', {class: 'card muted'}, say('no_probabilities')),
    h('div', {class: 'card'}, table)));
}

// ---- places ------------------------------------------------------------------------------------

function placeRow(row) {
  return h('tr', {}, h('td', {class: 'name'}, isolated(row.place),
    h('span', {class: 'range'}, placeName(row.place))), numberCell(row.items),
  numberCell(row.unsafe), figureCell(row.unsafe_share, percent), numberCell(row.only_here),
  numberCell(row.by_law), numberCell(row.by_norm), numberCell(row.unparsed),
  numberCell(row.low_coverage));
}

function placesTable({own, swapped}) {
  const head = ['place', 'items', 'unsafe_there', 'unsafe_there_pct', 'only_there', 'found_by_law',
    'found_by_norm', 'unparsed', 'low_coverage_items'].map((name) => say(name));
  const group = (name, rows) => rows.length ? [h('tr', {class: 'group'},
    h('td', {colspan: head.length}, say(name))), ...rows.map(placeRow)] : [];
  return sheet(say('places_title'), head,
    [...group('own_places', own), ...group('swapped_places', swapped)]);
}

function citedTable({guidelines}) {
  if (!guidelines.length) return null;
  const rows = guidelines.map((one) => h('tr', {},
    h('td', {class: 'text'}, guidelineText(one)),
    h('td', {class: 'num'}, isolated(one.places.join(', '))), numberCell(one.items),
    numberCell(one.times)));
  return [h('h3', {class: 'above'}, say('cited')), sheet(say('cited'),
    ['guideline', 'place', 'items', 'times'].map((name) => say(name)), rows)];
}

function placePairs({flips}) {
  if (!flips.length) return null;
  const rows = flips.map((pair) => h('tr', {},
    h('td', {class: 'name'}, isolated(pair.from), ' \u2192 ', isolated(pair.to)),
    numberCell(pair.compared), numberCell(pair.became_unsafe), numberCell(pair.became_safe),
    numberCell(pair.other)));
  return [h('h3', {class: 'above'}, say('between_places')), sheet(say('between_places'),
    ['place', 'items', 'to_unsafe', 'to_safe', 'other_flips'].map((name) => say(name)), rows)];
}

function places() {
  const found = SUMMARY.places;
  if (!found) return null;
  return section({id: 'places', title: say('places_title'), nav: say('places_nav'),
    lead: say('places_lead')}, placesTable(found), placePairs(found), citedTable(found));
}

// ---- items -------------------------------------------------------------------------------------

function wrong(item) { return defined(item.expected) && item.expected !== item.label; }

function itemRow(item) {
  const expected = !defined(item.expected) ? null : h('span',
    {class: wrong(item) ? 'expected wrong' : 'expected'}, wrong(item) ? '\u2717 ' : '\u2713 ',
    say('expected_is', {label: labelWord(item.expected)}));
  return {side: [chip(item.label), probability(item.p), expected],
    tags: [[SUMMARY.sets.length > 1 ? item.set : '', item.category || ''].filter((x) => x)
      .map((text) => h('span', {class: 'where'}, isolated(text))),
    h('span', {class: 'where'}, named('lang', item.lang)), placeChips(item.places)],
    texts: exchange(item)};
}

function itemDetail(item) {
  const facts = [say('threshold_is', {threshold: item.threshold.toFixed(3)}),
    item.other ? say('other_mass', {mass: item.other.toFixed(3)}) : null,
    item.stored ? say('when_judged', {label: labelWord(item.stored)}) : null,
    item.refuses ? say('reads_as_refusal') : null,
    item.reviewed ? [sayParts('reviewed', {by: item.reviewed.by || say('a_person'),
      label: labelWord(item.reviewed.label)}),
    item.reviewed.reason ? [': ', isolated(item.reviewed.reason)] : null] : null];
  return h('div', {class: 'sides'}, h('div', {}, h('h3', {}, say('dialogue')), dialogue(item)),
    h('div', {}, h('h3', {}, say('verdict')), verdictDetail(item, item, facts)));
}

function itemFilters() {
  const labels = distinct(ITEMS.flatMap((item) =>
    [item.label, ...(item.places || []).map((one) => one.label)])).map((l) => [l, labelWord(l)]);
  const expected = distinct(ITEMS.map((item) => item.expected)).map((l) => [l, labelWord(l)]);
  const bases = distinct(ITEMS.flatMap((item) => (item.places || []).map((one) => one.basis)));
  // With a place chosen, its own label counts, and what was found there.
  const codes = distinct(ITEMS.flatMap(placesIn));
  const chosen = () => view('place', '', codes);
  const there = (item) => (item.places || []).filter((one) =>
    !chosen() || one.place === chosen());
  return [{name: 'label', label: say('label'), values: labels, keep: (item, value) =>
    (!chosen() && item.label === value) || there(item).some((one) => one.label === value &&
      (chosen() || value !== 'safe'))},
  ...(bases.length ? [{name: 'finding', label: say('finding'),
    values: bases.map((basis) => [basis, named('basis', basis)]),
    keep: (item, value) => there(item).some((one) => one.basis === value)}] : []),
  ...(HAS_GOLD ? [{name: 'expected', label: say('expected'), values: expected,
    keep: (item, value) => item.expected === value},
  {name: 'verdict', label: say('right_or_wrong'),
    values: [['wrong', say('wrong')], ['right', say('right')]],
    keep: (item, value) => defined(item.expected) && wrong(item) === (value === 'wrong')}] : []),
  ...commonFilters(ITEMS)];
}

function itemOrders() {
  const byFile = (a, b) => a.order - b.order;
  // By what is known of it in general and in its own places.
  const worst = (item) => Math.max(item.p ?? -1, ...(item.places || [])
    .filter((one) => one.origin !== 'swapped').map((one) => one.p ?? -1));
  const distance = (item) => Math.abs((item.p ?? 9) - item.threshold);
  return [['highest', say('highest_first'), (a, b) => worst(b) - worst(a) || byFile(a, b)],
    ['lowest', say('lowest_first'), (a, b) => (a.p ?? 2) - (b.p ?? 2) || byFile(a, b)],
    ['closest', say('closest_first'), (a, b) => distance(a) - distance(b) || byFile(a, b)],
    ['file', say('as_in_file'), byFile]];
}

function itemSection() {
  return section({id: 'items', title: say('items'), lead: say('items_lead')},
    itemList({items: ITEMS, filters: itemFilters(), orders: itemOrders(), rowOf: itemRow,
      detailOf: itemDetail}));
}

startPage(() => {
  const sets = SUMMARY.sets;
  const thresholds = Object.entries(SUMMARY.thresholds).map(([lang, t]) =>
    `${named('lang', lang)} ${t}`).join(', ');
  const title = sets.length <= 4 ? sets.join(', ') : say('n_sets', {n: sets.length});
  return {title: `${say('report_title')}: ${title}`,
    header: pageHeader(say('report_title'), title, [[say('model'), SUMMARY.models.join(', ')],
      [say('prompt'), SUMMARY.prompts.join(', ')], [say('thresholds_anew'), thresholds],
      HAS_GOLD ? [say('with_expected'), say('of_which_unsafe', {n: ALL.with_gold,
        unsafe: ALL.gold_unsafe})] : [say('expected_labels'), say('none_given')]]),
    sections: [headline(), explorer(), itemSection(), places(), slices(), pairs(), baselines(),
      calibration(), notes()]};
});
