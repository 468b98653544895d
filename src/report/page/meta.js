// The page of `mores meta`: critiques, their AIUs, and each ruling with its reason.

const LANGUAGES = Object.entries(SUMMARY.languages);
const correct = (rulings) => rulings.filter((one) => one.outcome === 'correct').length;
const has = (rulings, outcome) => rulings.some((one) => one.outcome === outcome);
for (const item of ITEMS) {
  // Which of these dialogues are unsafe nobody states here.
  item.harms = true;
  item.unread = defined(item.extraction_error) || has(item.aius, 'unparsed') ||
    has(item.reference, 'unparsed');
  item.haystack = [item.id, item.critique, ...[...item.aius, ...item.reference].flatMap((one) =>
    [one.text, one.analysis]), ...(item.messages || []).map((turn) => turn.content)]
    .join('\n').toLowerCase();
}

function estimate(group, name) {
  const [kind, figure] = name.split('.');
  return {value: group[kind][figure], ...group.intervals[name]};
}

const FIGURES = ['macro.precision', 'macro.recall', 'macro.f1', 'micro.precision', 'micro.recall',
  'micro.f1'];

function headline() {
  const unparsed = SUMMARY.unparsed;
  const rulings = unparsed.precision + unparsed.recall;
  return tiles([...FIGURES.map((name) =>
    shareTile(say('meta.' + name), estimate(SUMMARY, name), say(name.startsWith('macro')
      ? 'meta_macro_is' : 'meta_micro_is'))),
  tile(say('unparsed'), count(rulings + unparsed.extraction), '',
    say('meta_unparsed_is', {extractions: unparsed.extraction, rulings}))]);
}

function warnings() {
  const lines = [];
  if (SUMMARY.baseline) lines.push(say('meta_baseline'));
  for (const signature of SUMMARY.signatures) {
    lines.push(sayParts('meta_signature', {name: signature.name,
      meaning: named('signature', signature.name)}));
  }
  lines.push(...(SUMMARY.warnings || []));
  if (SUMMARY.counts.failed) lines.push(say('meta_failed', {n: SUMMARY.counts.failed}));
  return lines.length ? section({id: 'mind', title: say('mind')}, h('div', {class: 'card notes'},
    lines.map((line) => h('p', {}, line)))) : null;
}

function groupRow(name, group) {
  return h('tr', {}, h('td', {class: 'name'}, name), numberCell(group.counts.critiques),
    FIGURES.map((figure) => figureCell(estimate(group, figure), percent)),
    numberCell(group.counts.aius), numberCell(group.counts.reference_aius),
    numberCell(group.unparsed.extraction + group.unparsed.precision + group.unparsed.recall));
}

function languages() {
  return section({id: 'languages', title: say('by_language'), lead: say('meta_languages_lead')},
    sheet(say('by_language'), ['', say('critiques'), ...FIGURES.map((name) =>
      say('meta.' + name) + ' %'), say('aius'), say('reference_aius'), say('unparsed')],
    [groupRow(say('all'), SUMMARY), ...LANGUAGES.map(([name, group]) =>
      groupRow(named('lang', name), group))]));
}

function lengths() {
  const length = SUMMARY.critique_length;
  if (!length) return null;
  return section({id: 'lengths', title: say('by_length'), lead: say('by_length_lead',
    {mean: Math.round(length.mean), median: Math.round(length.median)})},
  sheet(say('by_length'), [say('code_points'), say('critiques'), say('meta.macro.recall') + ' %'],
    length.by_length.map((group) => h('tr', {}, h('td', {class: 'name'},
      say('length_range', {from: group.shortest, to: group.longest})),
    numberCell(group.critiques), h('td', {class: 'num'}, percent(group.macro_recall))))));
}

const CHIPS = {correct: 'safe', incorrect: 'unsafe', unparsed: 'unparsed'};
function rulingList(item, rulings, words, none) {
  if (!rulings.length) return h('p', {class: 'muted'}, none);
  return h('ol', {class: 'rulings'}, rulings.map((one) => h('li', {},
    chip(CHIPS[one.outcome], say(words[one.outcome])), ' ',
    longText(one.text, {class: 'claim', lang: tongue(item)}),
    one.analysis ? longText(one.analysis, {class: 'why'}) : null)));
}

function itemRow(item) {
  const of = (rulings) => ({n: correct(rulings), all: rulings.length});
  return {side: [h('span', {class: 'num'}, say('f1_is', {f1: percent(item.f1)})),
    h('span', {}, say('claims_hold', of(item.aius))),
    h('span', {}, say('claims_stated', of(item.reference)))],
  tags: [h('span', {class: 'where'}, named('lang', item.lang)),
    item.unread ? chip('unparsed') : null],
  texts: [...(item.critique ? [[say('critique'), item.critique, true]] : []), ...exchange(item)]};
}

function itemDetail(item) {
  return [h('h3', {}, say('critique')), item.critique
    ? longText(item.critique, {class: 'critique', lang: tongue(item)})
    : h('p', {class: 'muted'}, say('critique_empty')),
  h('div', {class: 'sides even'},
    h('div', {}, h('h3', {}, say('its_claims')), defined(item.extraction_error)
      ? h('p', {class: 'muted'}, sayParts('claims_unread', {error: item.extraction_error}))
      : rulingList(item, item.aius, {correct: 'holds', incorrect: 'does_not_hold',
        unparsed: 'unparsed'}, say('no_claims'))),
    h('div', {}, h('h3', {}, say('reference_claims')), rulingList(item, item.reference,
      {correct: 'stated', incorrect: 'missing', unparsed: 'unparsed'}, say('no_reference')))),
  h('h3', {}, say('dialogue')), dialogue(item)];
}

function itemSection() {
  const byFile = (a, b) => a.order - b.order;
  const shows = {wrong: (i) => has(i.aius, 'incorrect'),
    missing: (i) => has(i.reference, 'incorrect'), unparsed: (i) => i.unread,
    empty: (i) => !i.aius.length || !i.reference.length,
    whole: (i) => i.precision === 1 && i.recall === 1};
  const show = {name: 'show', label: say('show'), none: say('all'),
    values: Object.keys(shows).map((name) => [name, say('meta_shows.' + name)]),
    keep: (item, value) => shows[value](item)};
  return section({id: 'items', title: say('critiques'), lead: say('critiques_lead')},
    itemList({items: ITEMS, filters: [show, ...commonFilters(ITEMS)], rowOf: itemRow,
      detailOf: itemDetail, orders: [
        ['lowest', say('lowest_f1'), (a, b) => a.f1 - b.f1 || byFile(a, b)],
        ['highest', say('highest_f1'), (a, b) => b.f1 - a.f1 || byFile(a, b)],
        ['longest', say('longest_critique'), (a, b) =>
          b.critique_code_points - a.critique_code_points || byFile(a, b)],
        ['file', say('as_in_file'), byFile]]}));
}

function notes() {
  const b = SUMMARY.bootstrap;
  return section({id: 'notes', title: say('notes_title'), nav: say('notes_nav')},
    h('div', {class: 'notes'}, definitions([
      ...['aiu', 'precision', 'recall', 'macro', 'unparsed'].map((name) =>
        [say('meta_note.' + name), say('meta_note.' + name + '_text')]),
      [say('note_intervals'), say('meta_intervals_text', {n: b.resamples, seed: String(b.seed)})],
      [say('note_use'), say('note_use_text')]])));
}

startPage(() => ({title: `${say('meta_title')}: ${SUMMARY.judge}`,
  header: pageHeader('', say('meta_title'), [[say('judge'), SUMMARY.judge +
    (SUMMARY.baseline ? ` (${say('a_baseline')})` : '')],
  [say('critiques'), count(SUMMARY.counts.critiques)]]),
  sections: [headline(), warnings(), languages(), lengths(), itemSection(), notes()]}));
