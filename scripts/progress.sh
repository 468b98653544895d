# Sourced by the scripts that make somebody wait: progress on a terminal as one line that is
# rewritten, elsewhere as a plain line twice a minute.

# in_words SECONDS: "40 s", "1 min 40 s".
in_words() {
  local seconds=$1
  ((seconds < 60)) && echo "$seconds s" && return
  echo "$((seconds / 60)) min $((seconds % 60)) s"
}

progress_shown=-30 # by $SECONDS
progress_line=
# show_progress TEXT: it replaces what was shown before.
show_progress() {
  if [[ -t 2 ]]; then
    printf '\r\033[K%s' "$1" >&2
    progress_line=$1
  elif ((SECONDS - progress_shown >= 30)); then
    say "$1"
    progress_shown=$SECONDS
  fi
}
# Takes the line off a terminal, before anything else is printed there.
clear_progress() {
  [[ -z $progress_line ]] || printf '\r\033[K' >&2
  progress_line=
}

# build_progress COMPILATIONS: reads what ninja prints with NINJA_STATUS='@build %f %t ', a line a
# finished step, and shows how many compilations are done and how long the rest takes at the pace so
# far; steps of other kinds take no time. COMPILATIONS is how many a build of everything has; what is
# up to date is not among ninja's steps. What else ninja prints, such as a compiler's errors, goes on
# to standard error.
build_progress() {
  local most=$1 all=0 finished=0 begin=$SECONDS left=0 at=$SECONDS
  local line= piece text status _ steps_done steps
  while true; do
    status=0
    IFS= read -r -t 1 piece || status=$?
    line+=$piece
    if ((status == 0)); then
      case $line in
        '@build '*)
          [[ $line != *'Building CXX'* ]] || finished=$((finished + 1))
          read -r _ steps_done steps _ <<<"$line"
          all=$((steps - (steps_done - finished)))
          ((all <= most)) || all=$most
          at=$SECONDS
          # The compilations under way are half done, on average.
          left=$(((at - begin) * (2 * (all - finished) - jobs) / (2 * finished + jobs)))
          ;;
        '-- '* | 'ninja: Entering'* | 'ninja: no work'*) ;;
        *)
          clear_progress
          printf '%s\n' "$line" >&2
          line=
          continue # what belongs together isn't torn apart
          ;;
      esac
      line=
    elif ((status <= 128)); then
      break # the end of the output; above 128: a second without news
    fi
    # Before the first compilation ends, only by the clock: steps come and go while ninja sets out.
    ((all && finished < all && (finished || status))) || continue
    text="building $finished/$all"
    if ((finished > 1 && SECONDS - begin > 5)); then
      text+=", about $(in_words $((left - (SECONDS - at) > 5 ? left - (SECONDS - at) : 5))) left"
    fi
    show_progress "$text"
  done
  clear_progress
}

# apt_progress WHAT LOG: reads what apt-get prints with APT::Status-Fd=1 and shows how far it is; the
# rest goes to the file LOG.
apt_progress() {
  local what=$1 log=$2 line
  while IFS= read -r line; do
    if [[ $line =~ ^(dl|pm)status:[^:]*:([0-9]+) ]]; then
      case ${BASH_REMATCH[1]} in
        dl) show_progress "fetching $what: ${BASH_REMATCH[2]} %" ;;
        pm) show_progress "installing $what: ${BASH_REMATCH[2]} %" ;;
      esac
    else
      printf '%s\n' "$line" >>"$log"
    fi
  done
  clear_progress
}
