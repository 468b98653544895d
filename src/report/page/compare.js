// The page of `mores compare`.

const HAS_GOLD = SUMMARY.with_gold > 0;
for (const item of ITEMS) {
  item.from = item.first.label;
  item.to = item.second.label;
  item.flipped = item.from !== item.to;
  item.effect = !item.flipped ? 'same' : !defined(item.expected) ? 'changed'
    : item.to === item.expected ? 'mended' : item.from === item.expected ? 'broken' : 'changed';
  item.placeFlips = placeFlips(item);
  item.harms = mayHarm(item);
}

// Places that both sides judged, and differ in.
function placeFlips(item) {
  // A place that is swapped in is another than the same one given.
  const key = (result) => `${result.place} ${result.origin === 'swapped'}`;
  const after = new Map((item.second.places || []).map((result) => [key(result), result]));
  return (item.first.places || []).map((before) => ({before, after: after.get(key(before))}))
    .filter((both) => both.after && (both.before.label !== both.after.label ||
      both.before.basis !== both.after.basis));
}

function headline() {
  const flips = SUMMARY.became_unsafe + SUMMARY.became_safe + SUMMARY.other_flips;
  const shown = [
    tile(say('items_in_both'), count(SUMMARY.items), '',
      SUMMARY.only_first.length + SUMMARY.only_second.length
        ? say('only_in_one', {first: SUMMARY.only_first.length,
          second: SUMMARY.only_second.length}) : say('in_no_other')),
    shareTile(say('same_label'), SUMMARY.agreement),
    tile(say('flips'), count(flips), '', say('flips_are', {unsafe: SUMMARY.became_unsafe,
      safe: SUMMARY.became_safe, other: SUMMARY.other_flips}))];
  const inPlaces = ITEMS.filter((item) => item.placeFlips.length).length;
  if (ITEMS.some((item) => item.first.places && item.second.places)) {
    shown.push(tile(say('flips_in_places'), count(inPlaces), '', say('items_with_place_flips')));
  }
  if (SUMMARY.undecided_second > 0) {
    shown.push(tile(say('undecided_second'), count(SUMMARY.undecided_second), '',
      say('undecided_second_is')));
  }
  const accuracy = SUMMARY.accuracy;
  if (accuracy) {
    const d = accuracy.difference;
    shown.push(shareTile(say('accuracy_first'), accuracy.first),
      shareTile(say('accuracy_second'), accuracy.second),
      tile(say('second_less_first'), signed(percent)(d.value), say('points'),
        rangeText(d, signed(percent)), bar(d, -0.2, 0.2)),
      tile(say('mcnemar'), pValue(accuracy.mcnemar_mid_p), '',
        say('by_query', {p: pValue(accuracy.sign_flip_p)})),
      tile(say('mended_broken'), `${count(SUMMARY.mended)}, ${count(SUMMARY.broken)}`, '',
        say('mended_broken_is')));
  }
  return tiles(shown);
}

// ---- thresholds --------------------------------------------------------------------------------

function thresholdsOf(side) {
  const byLanguage = new Map();
  for (const item of ITEMS) {
    if (!byLanguage.has(item.lang)) byLanguage.set(item.lang, new Set());
    byLanguage.get(item.lang).add(item[side].threshold);
  }
  return byLanguage;
}

function thresholdNotice() {
  const differing = ITEMS.filter((item) => item.first.threshold !== item.second.threshold &&
    (defined(item.first.p) || defined(item.second.p)));
  if (!differing.length) return null;
  const first = thresholdsOf('first'), second = thresholdsOf('second');
  const list = (set) => [...set].sort((a, b) => a - b).slice(0, 6).map((t) => t.toFixed(3))
    .join(', ');
  const rows = [...first.keys()].sort().map((lang) => h('tr', {},
    h('td', {class: 'name'}, named('lang', lang)),
    h('td', {class: 'num'}, list(first.get(lang))),
    h('td', {class: 'num'}, list(second.get(lang)))));
  const alone = differing.filter((item) => item.flipped && 
    labelBy(item.second, item.first.threshold) === item.from);
  return section({id: 'thresholds', title: say('thresholds_differ'), nav: say('thresholds'),
    lead: say('thresholds_differ_lead', {n: differing.length, alone: alone.length})},
  sheet(say('thresholds_differ'), [say('language'), say('first'), say('second')], rows));
}

// ---- labels and probabilities ------------------------------------------------------------------

function flipMatrix() {
  const labels = ['unsafe', 'safe', 'unparsed'].filter((label) =>
    ITEMS.some((item) => item.from === label || item.to === label));
  const cell = (from, to) => {
    const n = ITEMS.filter((item) => item.from === from && item.to === to).length;
    return h('div', {class: 'cell'}, h('b', {}, count(n)), h('span', {}, share(n / ITEMS.length)));
  };
  return h('div', {class: 'matrix ' + ['', 'one', '', 'three'][labels.length]}, h('span', {}),
    labels.map((to) => h('div', {class: 'label top'}, say('then', {label: labelWord(to)}))),
    labels.map((from) => [h('div', {class: 'label'}, say('at_first', {label: labelWord(from)})),
      labels.map((to) => cell(from, to))]));
}

// Ten thousand points are drawn on a canvas; the figures beside it say the same in words.
function scatter() {
  const scored = ITEMS.filter((item) => defined(item.first.p) && defined(item.second.p));
  if (!scored.length) return null;
  const canvas = h('canvas', {role: 'img', 'aria-label': say('scatter')});
  painters.push(() => {
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
  });
  const kinds = ['same', ...(HAS_GOLD ? ['mended', 'broken'] : []), 'changed'];
  const dot = (kind) => place(h('span', {class: 'swatch'}), {background: `var(${
    {same: '--faint', mended: '--safe', broken: '--unsafe', changed: '--accent'}[kind]})`});
  const m = SUMMARY.mean_p_shift;
  return section({id: 'probabilities', title: say('probabilities'),
    lead: say('probabilities_lead', {shift: signed(decimal)(m.value),
      range: rangeText(m, signed(decimal)) || '-'})},
  h('div', {class: 'two'}, h('div', {class: 'card'}, h('div', {class: 'legend'},
    kinds.map((kind) => h('span', {}, dot(kind),
      say(kind === 'changed' && HAS_GOLD ? 'effect.other' : 'effect.' + kind)))), canvas),
  h('div', {class: 'card'}, h('h3', {}, say('labels')), flipMatrix())));
}

// ---- places ------------------------------------------------------------------------------------

function places() {
  const groups = new Map();
  for (const item of ITEMS) {
    const both = new Set((item.second.places || []).map((result) => result.place));
    for (const {place: code} of item.first.places || []) {
      if (!both.has(code)) continue;
      if (!groups.has(code)) groups.set(code, {items: 0, flips: []});
      const group = groups.get(code);
      ++group.items;
      group.flips.push(...item.placeFlips.filter(({before}) => before.place === code));
    }
  }
  if (!groups.size) return null;
  const rows = [...groups].sort(([a], [b]) => a < b ? -1 : 1).map(([code, {items, flips}]) => {
    const to = (label) => flips.filter(({before, after}) =>
      before.label !== after.label && after.label === label).length;
    return h('tr', {}, h('td', {class: 'name'}, isolated(code),
      h('span', {class: 'range'}, placeName(code))), numberCell(items), numberCell(to('unsafe')),
    numberCell(to('safe')), numberCell(to('unparsed')),
    numberCell(flips.filter(({before, after}) => before.label === after.label).length));
  });
  return section({id: 'places', title: say('place_flips'), nav: say('places_nav'),
    lead: say('place_flips_lead')},
  sheet(say('place_flips'), ['place', 'items', 'to_unsafe', 'to_safe', 'to_unparsed',
    'basis_alone'].map((name) => say(name)), rows));
}

// ---- items -------------------------------------------------------------------------------------

function arrow(from, to) { return from === to ? [chip(from)] : [chip(from), ' \u2192 ', chip(to)]; }

function shiftOf(item) {
  return defined(item.first.p) && defined(item.second.p) ? item.second.p - item.first.p : null;
}

function itemRow(item) {
  const shift = shiftOf(item);
  const mark = {broken: '\u2717 ', mended: '\u2713 '}[item.effect] || '';
  return {side: [h('span', {}, arrow(item.from, item.to)),
    shift === null ? h('span', {class: 'muted'}, say('no_probability'))
      : h('span', {class: 'num shift', title: say('p_from_to', {first: item.first.p.toFixed(3),
        second: item.second.p.toFixed(3)})}, say('p_shift',
      {shift: sign(shift, shift.toFixed(3))})),
    defined(item.expected) ? h('span', {class: 'expected'}, mark,
      say('expected_is', {label: labelWord(item.expected)})) : null],
  tags: [item.category ? h('span', {class: 'where'}, isolated(item.category)) : null,
    h('span', {class: 'where'}, named('lang', item.lang)),
    item.placeFlips.map(({before, after}) => h('span', {class: 'where'}, isolated(before.place),
      ' ', arrow(before.label, after.label)))],
  texts: exchange(item)};
}

function sideDetail(item, name, verdict) {
  return h('div', {}, h('h3', {}, name), verdictDetail(item, verdict, [chip(verdict.label),
    defined(verdict.p) ? say('p_is', {p: verdict.p.toFixed(3)}) : null,
    say('threshold_is', {threshold: verdict.threshold.toFixed(3)}),
    verdict.other ? say('other_mass', {mass: verdict.other.toFixed(3)}) : null,
    verdict.stored ? say('when_judged', {label: labelWord(verdict.stored)}) : null]));
}

function itemDetail(item) {
  return [item.flipped || item.placeFlips.length ? dialogue(item)
    : h('p', {class: 'muted'}, say('flipped_only')),
  h('div', {class: 'sides even'}, sideDetail(item, say('first'), item.first),
    sideDetail(item, say('second'), item.second))];
}

function itemSection() {
  const byFile = (a, b) => a.order - b.order;
  const size = (item) => Math.abs(shiftOf(item) ?? 0);
  const shows = {all: () => true, unsafe: (i) => i.flipped && i.to === 'unsafe',
    safe: (i) => i.flipped && i.to === 'safe', mended: (i) => i.effect === 'mended',
    broken: (i) => i.effect === 'broken', place: (i) => i.placeFlips.length > 0};
  const names = ['all', 'unsafe', 'safe', ...(HAS_GOLD ? ['mended', 'broken'] : []),
    ...(ITEMS.some((item) => item.placeFlips.length) ? ['place'] : [])];
  const any = (item) => item.flipped || item.placeFlips.length > 0;
  const show = {name: 'show', label: say('show'), none: say('shows.flipped'),
    values: names.map((name) => [name, say('shows.' + name)]),
    keep: (item, value) => value === '' ? any(item) : shows[value](item), always: true};
  return section({id: 'items', title: say('items'), lead: say('items_lead')},
    itemList({items: ITEMS, filters: [show, ...commonFilters(ITEMS)], rowOf: itemRow,
      detailOf: itemDetail, orders: [
        ['shift', say('largest_first'), (a, b) => size(b) - size(a) || byFile(a, b)],
        ['file', say('as_in_file'), byFile]]}));
}

function onlyIn(key, ids) {
  if (!ids.length) return null;
  return h('details', {}, h('summary', {}, say(key, {n: ids.length})),
    h('p', {class: 'mono'}, ids.slice(0, 500).map((id, i) => [i ? ', ' : '', isolated(id)]),
      ids.length > 500 ? ', \u2026' : ''));
}

function notes() {
  return section({id: 'notes', title: say('notes_title'), nav: say('notes_nav')},
    h('div', {class: 'notes'}, h('p', {}, say('compare_notes')),
      h('p', {}, say('note_use_text')),
      onlyIn('only_in_first', SUMMARY.only_first), onlyIn('only_in_second', SUMMARY.only_second),
      h('div', {class: 'files'}, h('h3', {}, say('files')), fileLines(SUMMARY.first.verdicts),
        fileLines(SUMMARY.second.verdicts))));
}

startPage(() => {
  const files = (side) => side.verdicts.map((file) => file.path).join(', ');
  return {title: say('compare_title'), header: pageHeader('', say('compare_title'), [
    [say('first'), files(SUMMARY.first)], [say('by'), SUMMARY.first.models.join(', ')],
    [say('second'), files(SUMMARY.second)], [say('by'), SUMMARY.second.models.join(', ')]]),
  sections: [headline(), thresholdNotice(), scatter(), itemSection(), places(), notes()]};
});
