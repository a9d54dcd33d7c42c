#!/bin/sh
# Makes the certificates of the tests anew: sh test/kit/certificates/make.sh (needs openssl).
# Nothing here is secret: the keys are for tests alone. All but the expired one last from 2020 to 2120.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"; }

# sign NAME-OF-OUTPUT SUBJECT KEY EXTENSIONS UNTIL MORE-OPTIONS…
sign() {
  out=$1 subject=$2 key=$3 extensions=$4 until=$5
  shift 5
  : >"$work/index"
  cat >"$work/ca.conf" <<CONF
[ca]
default_ca = test
[test]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[extensions]
$extensions
CONF
  openssl req -new -key "$key" -subj "$subject" -out "$work/request"
  openssl ca -batch -notext -config "$work/ca.conf" -extensions extensions -in "$work/request" \
    -startdate 20200101000000Z -enddate "$until" -out "$out" "$@" 2>/dev/null
}

authority() { # name
  key "$work/$1.key"
  sign "$1.pem" "/CN=Cutover test authority $1" "$work/$1.key" \
    "$(printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash')" \
    21200101000000Z -selfsign -keyfile "$work/$1.key"
}

leaf() { # name authority alternative-names until
  key "$1.key"
  sign "$1.pem" "/CN=$1.test" "$1.key" \
    "$(printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=%s' "$3")" \
    "$4" -cert "$2.pem" -keyfile "$work/$2.key"
}

rm -f ./*.key ./*.pem
authority ca
authority other-ca
leaf server ca 'DNS:server.test,DNS:localhost,IP:127.0.0.1,IP:::1' 21200101000000Z
leaf foreign ca 'DNS:elsewhere.test' 21200101000000Z
leaf expired ca 'DNS:server.test,DNS:localhost,IP:127.0.0.1' 20210101000000Z
