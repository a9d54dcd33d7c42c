/**
 * Command lines that show a verb at work, by how it is called: `differences show`. Every verb has at least one; a test
 * parses all of them.
 */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  demo: ['cutover demo', 'cutover demo --json | tail -n 1'],
  rehearse: ['cutover rehearse scenarios/bad-candidate.yaml', 'cutover rehearse my.yaml --seed 7 --keep'],
  init: ['cutover init --legacy http://127.0.0.1:8081 --candidate http://127.0.0.1:7001'],
  check: [
    'cutover check -c cutover.yaml',
    'cutover check --nginx /etc/nginx/nginx.conf',
    'cutover check --schema gate > gate.schema.json',
  ],
  run: ['cutover run -c cutover.yaml', 'cutover run --take-over'],
  reload: ['cutover reload --reason "a longer dwell"'],
  routes: ['cutover routes', 'cutover routes --json'],
  'routes explain': [
    'cutover routes explain GET /users/7',
    "cutover routes explain POST 'https://shop.example.com/cart?beta=1' -H 'x-version: 2' --from 10.1.2.3",
  ],
  status: ['cutover status', 'cutover status -w --interval 5s', 'cutover status --json'],
  dashboard: ['cutover dashboard'],
  gate: [
    'cutover gate',
    'cutover gate && cutover advance --yes',
    'cutover gate --report report.json --json',
    'cutover gate --report report.json --baseline main.json --fail-on "new-class,status,rate>0.1%"',
  ],
  replay: [
    'cutover replay access.log --legacy http://127.0.0.1:8081 --candidate http://127.0.0.1:7001',
    'cutover replay requests.gor.gz --speed max --seed 7 -o report.json -o report.md',
    'cutover replay site.har --rate 50/s --limit 1000 --json',
    'cutover replay access.log --speed 10x -o report.json --resume report.json.resume',
  ],
  plan: ['cutover plan', 'cutover plan --json'],
  wait: [
    'cutover wait --for ready --timeout 2h && cutover advance --yes',
    'cutover wait --for phase=regional/2',
    'cutover wait --for verdict=abort --json',
  ],
  advance: [
    'cutover advance',
    'cutover advance --to canary --yes',
    'cutover advance --force --reason "reviewed the classes of differences"',
    'cutover advance --region eu-west --force --reason "fixed"',
  ],
  rollback: [
    'cutover rollback --reason "orders fail"',
    'cutover rollback --to shadow --reason "a new build"',
    'cutover rollback --region eu-west --reason "its database is slow"',
  ],
  pause: ['cutover pause --reason weekend'],
  resume: ['cutover resume'],
  bypass: ['cutover bypass', 'cutover bypass --run-dir ./run', 'cutover bypass --off'],
  report: [
    'cutover report',
    'cutover report -o report.md',
    'cutover report -o report.json -o report.md',
    'cutover report --format json -o report.txt --format md',
    'cutover report --replay report.json -o report.md',
  ],
  history: ['cutover history --limit 10'],
  differences: ['cutover differences', 'cutover differences show 9dac5b27692a1c09'],
  'differences list': [
    'cutover differences list --limit 10',
    'cutover differences list --endpoint "GET /orders" --kind json_value --offset 50',
  ],
  'differences show': ['cutover differences show 9dac5b27692a1c09'],
  'differences explain': ['cutover differences explain 9dac5b27692a1c09'],
  'differences ignore': [
    'cutover differences ignore 9dac5b27692a1c09 --reason "a clock" --owner team-shop --expires 90d',
  ],
  'differences replay': [
    'cutover differences replay 9dac5b27692a1c09',
    "cutover differences replay 9dac5b27692a1c09 --target '/search?q=a' --header 'authorization: Bearer abc'",
  ],
  help: ['cutover help advance', 'cutover help exit-codes'],
};

/** The end of a verb's help; nothing for a verb without an example. */
export function exampleText(path: string): string {
  const lines = EXAMPLES[path] ?? [];
  return lines.length === 0 ? '' : `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
