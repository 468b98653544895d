// Figures of the page of `mores report`: by group, by pair, beside baselines, by probability.

const ALL = SUMMARY.all;
const HAS_GOLD = ALL.with_gold > 0;

function ratio(a, b) { return b > 0 ? a / b : null; }

// ---- calibration -----------------------------------------------------------------------------

function calibrationPlot(bins) {
  const size = 300, left = 44, top = 10;
  const x = (p) => left + p * size, y = (p) => top + (1 - p) * size;
  const drawing = s('svg', {class: 'square', viewBox: `0 0 ${size + left + 16} ${size + 56}`,
    role: 'img', 'aria-label': say('calibration_plot')});
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
      r: 3 + 5 * Math.sqrt(bin.items / most)}, s('title', {}, say('calibration_bin',
      {n: bin.items, p: decimal(bin.mean_p), share: percent(bin.unsafe_share)}))));
  }
  drawing.append(s('text', {x: x(0.5), y: y(0) + 40, 'text-anchor': 'middle'},
    say('mean_probability_axis')));
  return drawing;
}

function calibration() {
  const bins = SUMMARY.calibration.filter((bin) => bin.items > 0);
  if (!HAS_GOLD || bins.length === 0) return null;
  const rows = bins.map((bin) => h('tr', {}, numberCell(bin.items),
    h('td', {class: 'num'}, percent(bin.mean_p)),
    h('td', {class: 'num'}, percent(bin.unsafe_share),
      h('span', {class: 'range'}, rangeText(bin, percent)))));
  const table = sheet(say('calibration_title'), [say('items'), say('mean_probability_pct'),
    say('expected_unsafe_pct')], rows);
  const error = ALL.calibration_error;
  return section({id: 'calibration', title: say('calibration_title'), nav: say('calibration_nav'),
    lead: say('calibration_lead', {error: decimal(error.value),
      range: rangeText(error, decimal) || '-'})},
  h('div', {class: 'two even'}, h('div', {class: 'card'},
    h('h3', {}, say('calibration_bins')), calibrationPlot(bins)), table));
}

// ---- slices ------------------------------------------------------------------------------------

function sliceName(dimension, name) {
  if (dimension === 'lang') return named('lang', name);
  if (dimension === 'behaviour') return named('behaviour', name);
  return named('slice', name);
}

function sliceRow(name, figures, scale, kind) {
  const none = () => h('td', {class: 'num'}, '-');
  const cells = [h('td', {class: 'name'}, isolated(name)), numberCell(figures.items),
    figureCell(figures.unsafe_share, percent, HAS_GOLD ? null : scale)];
  if (HAS_GOLD && figures.chosen_by_judge) {
    // What the judge is wrong about stands in another row, so these have no accuracy.
    cells.push(none(), none(), none(), none(), none(), none(), none());
  } else if (HAS_GOLD) {
    const bothKinds = figures.gold_unsafe > 0 && figures.gold_unsafe < figures.with_gold;
    cells.push(h('td', {class: 'num'}, percent(ratio(figures.gold_unsafe, figures.with_gold))),
      figureCell(figures.accuracy, percent, scale),
      figures.gold_unsafe > 0 ? figureCell(figures.precision, percent) : none(),
      figureCell(figures.recall, percent), figureCell(figures.f1, percent),
      figureCell(figures.false_unsafe_rate, percent),
      bothKinds ? figureCell(figures.auroc, decimal) : none());
  } else {
    cells.push(numberCell(figures.unparsed));
  }
  return h('tr', {class: kind || ''}, cells);
}

function slices() {
  const key = HAS_GOLD ? 'accuracy' : 'unsafe_share';
  const scale = sharedScale([ALL, ...SUMMARY.slices].map((figures) => figures[key]));
  const names = ['items', 'judged_unsafe_pct', ...(HAS_GOLD ? ['expected_unsafe_pct',
    'accuracy_pct', 'precision_pct', 'recall_pct', 'f1_pct', 'false_alarms_pct', 'auroc']
    : ['unparsed'])];
  const head = ['', ...names.map((name) => [say(name),
    name === (HAS_GOLD ? 'accuracy_pct' : 'judged_unsafe_pct') ? scaleNote(scale) : null])];
  const rows = [sliceRow(say('all_items'), ALL, scale, 'total')];
  let dimension = '';
  for (const slice of SUMMARY.slices) {
    if (slice.dimension !== dimension) {
      dimension = slice.dimension;
      rows.push(h('tr', {class: 'group'},
        h('td', {colspan: head.length}, named('dimension', dimension))));
    }
    rows.push(sliceRow(sliceName(dimension, slice.name), slice, scale));
  }
  return section({id: 'groups', title: say('groups_title'), nav: say('groups_nav'),
    lead: say('groups_lead') + (HAS_GOLD ? say('groups_alarms') : '')},
  sheet(say('groups_title'), head, rows));
}

// ---- pairs -------------------------------------------------------------------------------------

function pairs() {
  if (!SUMMARY.pairs) return null;
  const rows = SUMMARY.pairs.languages.map((group) => h('tr', {},
    h('td', {class: 'name'}, isolated(group.languages)), numberCell(group.pairs),
    figureCell(group.same_share, percent), figureCell(group.kappa, decimal),
    numberCell(group.first_unsafe), numberCell(group.second_unsafe), numberCell(group.unparsed),
    figureCell(group.mean_difference, decimal), figureCell(group.mean_shift, signed(decimal))));
  const head = ['', ...['pairs', 'same_label_pct', 'kappa', 'only_first_unsafe',
    'only_second_unsafe', 'unparsed', 'mean_difference', 'second_less_first'].map((name) =>
    say(name))];
  return section({id: 'pairs', title: say('pairs_title'), nav: say('pairs'),
    lead: sayParts('pairs_lead', {field: SUMMARY.pairs.field, n: SUMMARY.pairs.unpaired})},
  sheet(say('pairs_title'), head, rows));
}

// ---- baselines ---------------------------------------------------------------------------------

function baselineRow(baseline, row, scale) {
  return h('tr', {}, h('td', {class: 'name'}, named('baseline', baseline.name),
    h('span', {class: 'range'}, named('baseline_basis', baseline.basis))),
  numberCell(row.items),
  figureCell(row.baseline, percent, scale), figureCell(row.judge, percent, scale),
  h('td', {class: 'num'}, signed(percent)(row.difference.value), bar(row.difference, -0.4, 0.4),
    h('span', {class: 'range'}, rangeText(row.difference, signed(percent)))),
  h('td', {class: 'num'}, pValue(row.mcnemar_mid_p)),
  h('td', {class: 'num'}, pValue(row.sign_flip_p)));
}

function baselines() {
  if (!SUMMARY.baselines.length) return null;
  const sets = SUMMARY.baselines[0].rows.map((row) => row.set);
  const scale = sharedScale(SUMMARY.baselines.flatMap((baseline) =>
    baseline.rows.flatMap((row) => [row.baseline, row.judge])));
  const table = sheet(say('baselines_title'), ['rule', 'items', 'its_accuracy_pct',
    'the_judges_pct', 'judge_less_rule', 'mcnemar', 'by_query_p'].map((name) => say(name)), []);
  const body = table.lastChild.lastChild;
  function draw() {
    const chosen = view('over', sets[0], sets);
    body.replaceChildren(...SUMMARY.baselines.flatMap((baseline) => {
      const row = baseline.rows.find((candidate) => candidate.set === chosen);
      return row ? [baselineRow(baseline, row, scale)] : [];
    }));
  }
  draw();
  const names = sets.map((set) => [set, set === '' ? say('all_items')
    : set === '(mean of sets)' ? say('mean_of_the_sets') : set]);
  const origin = SUMMARY.baseline_origin;
  return section({id: 'baselines', title: say('baselines_title'), nav: say('baselines_nav'),
    lead: say('baselines_lead') + (origin ? say('baselines_origin', {n: origin.examples}) : ''),
    controls: sets.length > 1 ? select(say('over'), names, (value) => {
      setView('over', value);
      draw();
    }, view('over', sets[0], sets)) : null}, table);
}

// ---- notes -------------------------------------------------------------------------------------

function notes() {
  const b = SUMMARY.bootstrap;
  return section({id: 'notes', title: say('notes_title'), nav: say('notes_nav')},
    h('div', {class: 'notes'}, definitions([
      [say('note_intervals'), say('note_intervals_text',
        {n: b.resamples, seed: String(b.seed)})],
      [say('note_labels'), say('note_labels_text')],
      [say('note_places'), say('note_places_text')],
      [say('note_scores'), say('note_scores_text', {n: ALL.scored})],
      [say('note_refusals'), say('note_refusals_text')],
      [say('note_harmless'), say('note_harmless_text')],
      [say('note_p'), say('note_p_text')],
      [say('note_use'), say('note_use_text')]]),
    h('div', {class: 'files'}, h('h3', {}, say('files')), fileLines(SUMMARY.verdicts),
      fileLines(SUMMARY.labels), SUMMARY.labels_unmatched
        ? h('div', {}, say('labels_unmatched', {n: SUMMARY.labels_unmatched})) : null)));
}
