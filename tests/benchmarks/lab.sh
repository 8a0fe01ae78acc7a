#!/bin/sh
# The lab as a student types it, without a pause: versions, pipeline, partial re-run, experiments, sharing.
# In an empty folder: sh lab.sh TEMPLATE SOLUTION
set -eu
template=$1 solution=$2
storage=$PWD/dvc-storage origin=$PWD/origin.git team=$PWD/teammate

cp -R "$template" lab
cd lab
git init --quiet --initial-branch=main
git add --all
git commit --quiet --message "Start of the lab"

dvc init --quiet
dvc remote add --quiet --default storage "$storage"
git add --all
git commit --quiet --message "Initialise DVC"

git rm --quiet --cached data/raw/data.csv
dvc add --quiet data/raw/data.csv
git add --all
git commit --quiet --message "Track the dataset with DVC"
first=$(git rev-parse HEAD)
python scripts/augment_data.py >../output
dvc add --quiet data/raw/data.csv
git add --all
git commit --quiet --message "Track the augmented dataset"
dvc push --quiet

git checkout --quiet "$first"
dvc checkout --quiet
git checkout --quiet main
dvc checkout --quiet

cp -R "$solution/." .
dvc repro --quiet >../output
git add --all
git commit --quiet --message "Build the pipeline"
dvc repro >../output
sed 's/n_estimators: 100/n_estimators: 200/' params.yaml >../params.yaml
mv ../params.yaml params.yaml
dvc repro --quiet >../output
git add --all
git commit --quiet --message "Train with more trees"
dvc push --quiet

git init --quiet --bare --initial-branch=main "$origin"
git remote add origin "$origin"
git push --quiet --set-upstream origin main
dvc exp run --quiet --name small --set-param train.n_estimators=5 --set-param train.max_depth=2 >../output
dvc exp run --quiet --name medium --set-param train.n_estimators=10 --set-param train.max_depth=3 >../output
dvc exp run --quiet --name large --set-param train.n_estimators=50 --set-param train.max_depth=5 >../output
dvc exp show --csv >../experiments.csv
dvc exp push --quiet origin small medium large

git clone --quiet "$origin" "$team"
cd "$team"
dvc pull --quiet
dvc exp list origin --all-commits >../output
dvc exp pull --quiet origin large
dvc exp apply --quiet large
