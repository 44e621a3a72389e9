# Deletes results after a question: those of the study STUDY, or all but downloads and reference runs, with what was found of
# networks (results/.networks, which studies share) and Snakemake's records.
set -eu
case "$STUDY" in
data | reference | */* | .*) echo "STUDY=$STUDY is no study" >&2; exit 1 ;;
esac
if [ -n "$STUDY" ] && [ ! -d "$ROOT/$STUDY" ]; then
    echo "there is no $ROOT/$STUDY; nothing is deleted" >&2
    exit 1
fi
found=$(find "$ROOT" -mindepth 1 -maxdepth 1 ! -name data ! -name reference ! -name README.md ${STUDY:+-name "$STUDY"})
if [ -n "$found" ]; then
    echo "$found" | xargs -d '\n' du -sh
    if [ "$YES" != 1 ]; then
        [ -t 0 ] || { echo "not deleted: nobody can be asked here; YES=1 deletes without a question" >&2; exit 1; }
        printf 'Delete these results? [y/N] '
        read -r answer
        case "$answer" in y | Y | yes) ;; *) echo "not deleted"; exit 1 ;; esac
    fi
    echo "$found" | xargs -d '\n' rm -rf
fi
[ -n "$STUDY" ] || rm -rf .snakemake
