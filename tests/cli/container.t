#!/bin/sh
# codetrain check --type container: the contract of a container that SageMaker
# trains in. Each Dockerfile that is refused has a twin that is right.
. "$SOURCE/tests/lib/tap.sh"

git config --global init.defaultBranch main
git config --global gc.auto 0

git init -q "$T/w" && cd "$T/w" || bail "git init failed"

# repo: the files of a repository that trains; what follows changes them
repo() {
	git rm -rqf --ignore-unmatch . && git clean -qfdx
	printf '#!/usr/bin/env python3\nimport sys\n' >train
	printf '#!/usr/bin/env python3\nimport sys\n' >serve
	chmod +x train serve
	echo '{"TrainingJobName": "a"}' >training-job.json
	printf 'FROM python:3.11\nENV PATH="/opt/program:$PATH"\nCOPY train serve /opt/program/\n' >Dockerfile
}

dockerfile() { printf '%s\n' "$@" >Dockerfile; }

check() {
	git add -A && git commit -q --allow-empty -m x
	run codetrain-check --type container --all
}

good() { # good NAME: nothing is found, not even a warning
	check
	[ "$rc" -eq 0 ] && ! grep -q "^warning" "$ERR" "$OUT"
	ok "$1" || { cat "$OUT" "$ERR" | _show; }
	repo
}

bad() { # bad NAME RULE PATTERN: refused with the rule, the output matches
	check
	[ "$rc" -eq 1 ] && cat "$OUT" "$ERR" | grep -q "$2" && cat "$OUT" "$ERR" | tr -s '\n ' ' ' | grep -Eq -e "$3"
	ok "$1" || { echo "# exit $rc"; cat "$OUT" "$ERR" | _show; }
	repo
}

warned() {
	check
	[ "$rc" -eq 0 ] && cat "$OUT" "$ERR" | grep -q "$2"
	ok "$1" || { echo "# exit $rc"; cat "$OUT" "$ERR" | _show; }
	repo
}

repo
good "the plain case"

# ---- the programs ----------------------------------------------------------------
chmod -x train; bad "train without the executable bit" container-mode "git update-index --chmod=.x train"
chmod -x serve; bad "serve without it" container-mode "--chmod=.x serve"
chmod -x train; sed -i 's/COPY/COPY --chmod=755/' Dockerfile; good "COPY --chmod makes it so"
chmod -x train; sed -i 's/COPY/COPY --chmod=644/' Dockerfile; bad "COPY --chmod that does not" container-mode "train"
chmod -x train; echo 'RUN chmod +x /opt/program/train' >>Dockerfile; good "RUN chmod of the file"
chmod -x train; echo 'RUN chmod +x /opt/program/serve' >>Dockerfile; bad "RUN chmod of another file" container-mode "train"
chmod -x train; echo 'RUN chmod -R 755 /opt/program' >>Dockerfile; good "RUN chmod of the folder"
chmod -x train; echo 'RUN chmod -R 755 /opt/other' >>Dockerfile; bad "RUN chmod of another folder" container-mode "train"
printf 'import sys\n' >train; bad "no first line" container-shebang "train:1( |$)"
printf '#!/usr/bin/env python3\r\n' >train; bad "CR at the end of the first line" container-crlf "sed -i"
printf '#!/usr/bin/env python3\nprint("\r")\n' >train; good "CR elsewhere"
printf '\357\273\277#!/usr/bin/env python3\n' >train; bad "a byte order mark" container-shebang "byte order mark"
printf '\177ELF\2\1' >train; good "a binary"

# ---- copied into the image ----------------------------------------------------------
dockerfile 'FROM python:3.11' 'ENV PATH=/opt/program:$PATH' 'COPY train /opt/program/'
bad "serve is not copied" container-copy "no COPY brings serve"
dockerfile 'FROM python:3.11' 'ENV PATH=/opt/program:$PATH' 'COPY . /opt/program'; good "the whole context"
dockerfile 'FROM python:3.11' 'WORKDIR /opt/program' 'ENV PATH /opt/program:$PATH' 'COPY . .'; good "WORKDIR and dots"
dockerfile 'FROM python:3.11' 'WORKDIR /opt/program' 'COPY . .'; bad "the folder is not on PATH" container-path "PATH=.?/opt/program"
dockerfile 'FROM python:3.11' 'WORKDIR /opt' 'WORKDIR program' 'ENV A=1 PATH="/opt/program/:${PATH}"' 'COPY ["train", "serve", "./"]'
good "a relative WORKDIR, a JSON COPY"
dockerfile 'FROM python:3.11' 'COPY train serve /usr/local/bin/'; good "a folder that is on PATH already"
dockerfile 'FROM python:3.11' 'COPY train /usr/local/bin/train' 'COPY serve /usr/local/bin'; good "a target that is a file, and a known folder"
dockerfile 'FROM python:3.11' 'ARG DIR=/opt/p' 'ENV HOME_DIR=${DIR:-/x} PATH=${DIR}:$PATH' 'COPY tr* ser?e $HOME_DIR/'; good "ARG, ENV, patterns"
dockerfile 'ARG V=3.11' 'FROM python:${V}' 'ARG DIR' 'COPY train serve ${DIR:-/opt/q}/'; bad "an ARG without a value" container-path "/opt/q"
dockerfile '# escape=`' 'FROM python:3.11' 'COPY train `' '  # a comment' '  serve /usr/bin/'; good "continued with another escape"
mkdir src && git mv -f train serve src/ 2>/dev/null || mv train serve src/
dockerfile 'FROM python:3.11' 'ENV PATH=/opt/program:$PATH' 'COPY src /opt/program'; good "a folder's content"
mkdir src && mv train serve src/
dockerfile 'FROM python:3.11' 'ENV PATH=/opt/program:$PATH' 'COPY src /opt/program/src'; bad "a folder below that of PATH" container-path "/opt/program/src/train"
mkdir src && mv train src/train.py && chmod -x src/train.py
dockerfile 'FROM python:3.11' 'COPY src/train.py /usr/bin/train' 'COPY serve /usr/bin/'; bad "renamed, and not executable" container-mode "src/train.py"
mkdir src && mv train src/train.py
dockerfile 'FROM python:3.11' 'COPY src/train.py /usr/bin/train' 'COPY serve /usr/bin/'; good "renamed"
dockerfile 'FROM python:3.11 AS build' 'COPY . /src' 'RUN make' 'FROM python:3.11' 'COPY --from=build /src/train /src/serve /usr/local/bin/'; good "two stages"
dockerfile 'FROM python:3.11 AS build' 'COPY . /src' 'FROM python:3.11' 'COPY --from=build /src/train /usr/local/bin/'
bad "two stages, and serve stays behind" container-copy "serve"
dockerfile 'FROM python:3.11 AS build' 'COPY . /src' 'FROM python:3.11'; bad "all stays behind" container-copy "train"
dockerfile 'FROM python:3.11 AS base' 'COPY train serve /usr/bin/' 'FROM base' 'RUN true'; good "a stage upon a stage"
dockerfile 'FROM python:3.11 AS base' 'COPY train serve /usr/bin/' 'FROM base AS b2' 'FROM python:3.11' 'COPY --from=1 /usr/bin /usr/bin'; good "a stage by its number"
dockerfile 'FROM python:3.11' 'COPY --from=example.com/tools /bin /usr/bin/'; good "another image's files are not known"
dockerfile 'FROM 111111111111.dkr.ecr.us-east-2.amazonaws.com/base' 'COPY requirements.txt /'
rm train serve; good "a base of one's own may bring train"
dockerfile 'FROM python:3.11' 'COPY requirements.txt /'; rm train serve; bad "an official one does not" container-train "Dockerfile:1"
dockerfile 'FROM python:3.11' 'RUN pip install sagemaker-training' 'ENV SAGEMAKER_PROGRAM train.py' 'COPY train.py /opt/ml/code/'
rm train serve; good "SageMaker's toolkit brings train"
dockerfile 'FROM python:3.11' 'RUN curl -o /usr/bin/train https://example.com/train && chmod +x /usr/bin/train'; rm train serve; good "fetched"
dockerfile 'FROM python:3.11' 'COPY . /opt/p' 'RUN ln -s /opt/p/train /usr/bin/train && ln -s /opt/p/serve /usr/bin/serve'; good "linked"
dockerfile 'FROM python:3.11' 'COPY <<EOF /usr/bin/train' '#!/bin/sh' 'EOF' 'COPY train serve /usr/bin/'; good "a here-document is no instruction"
dockerfile 'FROM python:3.11' 'ENV PATH=/opt/program:$PATH' 'COPY . /opt/program'
printf 'serve\n' >.dockerignore; bad ".dockerignore leaves serve out" container-copy "dockerignore:1"
dockerfile 'FROM python:3.11' 'ENV PATH=/opt/program:$PATH' 'COPY . /opt/program'
printf '# all but\n*\n!train\n!serve\n' >.dockerignore; good ".dockerignore takes them back in"
dockerfile 'FROM python:3.11' 'ENV PATH=/opt/program:$PATH' 'COPY . /opt/program'
printf '**/tr*\n' >.dockerignore; bad ".dockerignore with stars" container-copy "dockerignore:1"
dockerfile 'FROM python:3.11' 'ENV PATH=/opt/program:$PATH' 'COPY . /opt/program'
printf '**/*.py\n/tests\ntrain.*\n' >.dockerignore; good ".dockerignore of other files"

# ---- not shadowed ---------------------------------------------------------------------
entry() { printf '%s\n' "$1" >>Dockerfile; }
entry 'ENTRYPOINT ["python3", "/opt/program/app.py"]'; sed -i 's/COPY train/COPY app.py train/' Dockerfile
printf 'print("hello")\n' >app.py; bad "an ENTRYPOINT that does not look at its arguments" container-entrypoint "Dockerfile:4"
entry 'ENTRYPOINT ["python3", "/opt/program/app.py"]'; sed -i 's/COPY train/COPY app.py train/' Dockerfile
printf 'import sys\nprint(sys.argv[1])\n' >app.py; good "one that does"
entry 'ENTRYPOINT ["/opt/program/start.sh"]'; sed -i 's/COPY train/COPY start.sh train/' Dockerfile
printf '#!/bin/sh\nexec "$@"\n' >start.sh; good "a script that runs its arguments"
entry 'ENTRYPOINT ["/opt/program/start.sh"]'; sed -i 's/COPY train/COPY start.sh train/' Dockerfile
printf '#!/bin/sh\nexec python3 app.py\n' >start.sh; bad "a script that runs something else" container-entrypoint "train is not run"
entry 'ENTRYPOINT ["serve"]'; bad "an ENTRYPOINT that always serves" container-entrypoint "always runs serve"
entry 'ENTRYPOINT ["train"]'; bad "an ENTRYPOINT that always trains, with a serve" container-entrypoint "always runs train"
entry 'ENTRYPOINT ["train"]'; sed -i 's/ serve / /' Dockerfile; rm serve; good "without one"
entry 'ENTRYPOINT python3 /opt/program/app.py'; bad "a shell's ENTRYPOINT" container-entrypoint "drops its arguments"
entry 'ENTRYPOINT exec train'; sed -i 's/ serve / /' Dockerfile; rm serve; warned "a shell's ENTRYPOINT that trains" container-entrypoint
entry 'ENTRYPOINT ["tini", "--"]'; good "a wrapper"
entry 'ENTRYPOINT ["sh", "-c", "python3 app.py"]'; bad "a shell in a list" container-entrypoint "drops"
entry 'CMD ["python3", "app.py"]'; good "CMD alone shadows nothing"
entry 'ENTRYPOINT ["python3", "-m", "app"]'; good "a module is not judged"
entry 'ENTRYPOINT python3 app.py'; entry 'ENTRYPOINT []'; good "the last ENTRYPOINT counts"
echo '{"AlgorithmSpecification": {"ContainerEntrypoint": ["python3", "x.py"]}}' >training-job.json
entry 'ENTRYPOINT python3 app.py'; good "the job has an entry point of its own"

# ---- when it is meant -------------------------------------------------------------------
rm training-job.json serve; chmod -x train; good "nothing says that SageMaker is meant"
rm training-job.json; chmod -x train; bad "train and serve say so" container-mode train
echo '{"AlgorithmSpecification": {"TrainingImage": "257758044811.dkr.ecr.us-east-2.amazonaws.com/sagemaker-xgboost:1.7-1"}}' >training-job.json
chmod -x train; good "a ready-made image has no such contract"
rm Dockerfile; warned "no Dockerfile" container-dockerfile
mkdir container && mv Dockerfile train serve container/; good "in a folder of its own"
mkdir container && mv Dockerfile train serve container/ && chmod -x container/train; bad "in a folder, not executable" container-mode container/train
mkdir docker && mv Dockerfile docker/; good "the Dockerfile in a folder, the rest above it"
mkdir docker && mv Dockerfile docker/ && chmod -x train; bad "the same, not executable" container-mode "chmod=.x train"
printf 'FROM\nCOPY\nENTRYPOINT\nENV\nRUN <<\n\\\n' >Dockerfile; check
[ "$rc" -le 1 ]; ok "a Dockerfile of fragments is survived"
done_testing
