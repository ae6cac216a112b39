#!/bin/sh
# What is live, with the instants at which words were first public, is kept on a branch of its own:
# a CI job begins with nothing, and pages that are served from here hold no state.
#
#   ./published.sh fetch FOLDER        bring back what is live
#   ./published.sh ready FOLDER COPY   copy what readers get; say whether it is not what is live
#   ./published.sh keep FOLDER         put what is live now on the branch
set -eu
branch=published
ours=refs/remotes/origin/$branch
GIT_INDEX_FILE=$(git rev-parse --absolute-git-dir)/$branch-index
export GIT_INDEX_FILE

# One commit, without those before it: words that were redacted are in none.
tree() {
  rm -f "$GIT_INDEX_FILE"
  git --git-dir="$(dirname "$GIT_INDEX_FILE")" --work-tree="$1" -c core.autocrlf=false add -A -f .
  git write-tree
}

case $1 in
fetch)
  code=0
  git ls-remote --exit-code origin "refs/heads/$branch" >/dev/null || code=$?
  # 2: there is no such branch yet. Anything else is no answer, and nothing to begin anew from.
  [ "$code" -eq 2 ] && exit 0
  [ "$code" -eq 0 ] || exit "$code"
  git fetch --quiet --depth=1 origin "+refs/heads/$branch:$ours"
  mkdir -p "$2"
  # From the top: below it git gives only the part of that name.
  git -C "$(git rev-parse --show-toplevel)" archive "$ours" | tar -x -C "$2"
  chmod -R go-rwx "$2/.firstword"
  ;;
ready)
  changed=false
  if [ -f "$2/index.html" ]; then
    [ "$(tree "$2")" = "$(git rev-parse --quiet --verify "$ours^{tree}" || true)" ] || changed=true
    mkdir -p "$3"
    cp -R "$2/." "$3"
    # The state is not for readers.
    rm -rf "$3/.firstword"
  fi
  echo "changed=$changed"
  ;;
keep)
  export GIT_AUTHOR_NAME="$branch" GIT_AUTHOR_EMAIL="$branch@localhost"
  export GIT_COMMITTER_NAME="$branch" GIT_COMMITTER_EMAIL="$branch@localhost"
  commit=$(git commit-tree -m "What is live [skip ci]" "$(tree "$2")")
  known=$(git rev-parse --quiet --verify "$ours" || true)
  git push --quiet --force-with-lease="refs/heads/$branch:$known" origin "$commit:refs/heads/$branch"
  ;;
esac
