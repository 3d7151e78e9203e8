/** Every command with its options. What a command does is loaded when it is called, so that `--help` answers at once and on any configuration. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { COLUMNS } from '../directory/columns.ts'
import type { Answer, Io, Opts } from './io.ts'

/** Runs a command's work, prints its answer (nothing when it has written everything itself) and keeps the exit code. */
export type Perform = (o: { json: boolean; /** The command's options: `--text`. */ options: readonly string[] }, work: Work) => Promise<void>
type Work = () => Promise<Answer | undefined | void>
type Body = (args: string[], opts: Opts) => ReturnType<Work>
/** Adds a command with --help and --json. */
type Add = (parent: Command, spec: string, about: string, body: Body) => Command

const importHelp = `
Formats: toadlane/1 (JSON, as export writes it, or JSON Lines) and CSV. The columns of a CSV file, in any order:
${COLUMNS.map((c) => `  ${c.name.padEnd(14)} ${c.about}`.trimEnd()).join('\n')}
  figure:KIND:YEAR  a number, such as figure:members:2024; with :source, :confidence and :unit behind it, more about it
Several values in a cell are parted by ";". An empty cell leaves the field as it is. Importing the same file twice changes nothing.`

const positive = (text: string): number => {
  const n = Number(text)
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('It must be a whole number above 0.')
  return n
}

/** `perform` runs the work, prints its answer and sets the exit code. */
export function makeProgram(io: Io, version: string, perform: Perform): Command {
  const program = new Command('toadlane')
    .description('Runs and tends a Toadlane instance: a federated directory of platform co-operatives.\n'
      + 'Settings come from the environment and from .env in the project\'s folder.')
    .version(version, '--version', 'the version')
    .helpOption('-h, --help', 'this help')
    .helpCommand('help [command]', 'help for a command')
    .enablePositionalOptions() // --json behind `peers block` is that command's, not that of `peers`
    .addHelpText('after', '\nExit code: 0 all right; 1 some rows or checks failed, or what was asked for was refused; 2 wrong use or settings.')

  const add: Add = (parent, spec, about, body) => {
    const c = parent.command(spec).description(about).helpOption('-h, --help', 'this help')
      .option('--json', 'answer in JSON, the result in the last line')
    return c.action(async (...called: unknown[]) => { // commander gives the arguments, the options, the command
      const opts = called.at(-2) as Opts
      await perform({ json: opts.json === true, options: c.options.flatMap((x) => x.long ?? []) }, () => body(called.slice(0, -2) as string[], opts))
    })
  }
  running(program, add, io)
  data(program, add, io)
  people(program, add, io)
  federation(program, add, io)
  return program
}

function running(program: Command, add: Add, io: Io): void {
  program.commandsGroup('Running:')
  add(program, 'serve', 'runs the server in this terminal, as npm start does',
    async () => (await import('./commands/serve.ts')).serve(io, 'all'))
  add(program, 'worker', 'runs a worker without web pages, beside servers on the same PostgreSQL database',
    async () => (await import('./commands/serve.ts')).serve(io, 'worker'))
  add(program, 'setup', 'names the instance and makes the first admin; asks for what is not given',
    async (_, o) => (await import('./commands/setup.ts')).setup(io, o))
    .option('--name <name>', 'what the instance is called')
    .option('--tagline <text>', 'one line about it')
    .option('--about <text>', 'a paragraph about it, plain text')
    .option('--contact <address>', 'how to reach whoever runs it')
    .option('--email <address>', 'the admin\'s e-mail address')
    .option('--admin-name <name>', 'the admin\'s name')
    .option('--password-stdin', 'read the admin\'s password from standard input')
  add(program, 'doctor', 'looks over settings, database, secret, queue and address',
    async () => (await import('./commands/doctor.ts')).doctor(io))
}

function data(program: Command, add: Add, io: Io): void {
  program.commandsGroup('Data in and out:')
  add(program, 'import', 'brings in organisations, memberships and levers from a file, an https address, or - for standard input',
    async ([file = ''], o) => (await import('./commands/import.ts')).importCommand(io, file, o))
    .argument('<file>', 'file, address or -')
    .addOption(new Option('--format <format>', 'what kind of file it is').choices(['auto', 'toadlane', 'csv']).default('auto'))
    .option('--consent <basis>', 'all of them have agreed to be listed, on this basis ("agreed at the general meeting of 14 March"); '
      + 'without it listings are unclaimed')
    .option('--map <file>', 'for CSV: JSON {"ourField": "their column"}; a value that begins with = is the same for every row: {"country": "=GB"}')
    .option('--encoding <name>', 'of a file that is not UTF-8, such as windows-1252')
    .option('--dry-run', 'say what would happen and write nothing')
    .addHelpText('after', importHelp)
  add(program, 'export', 'writes all listed organisations to standard output or a file',
    async (_, o) => (await import('./commands/export.ts')).exportCommand(io, o))
    .addOption(new Option('--format <format>', 'toadlane: everything, with memberships and levers; csv: a spreadsheet of the organisations')
      .choices(['toadlane', 'csv']).default('toadlane'))
    .option('--out <file>', 'write there').option('--force', 'replace the file if it is there')
  add(program, 'sample', 'fills an empty instance with invented co-ops to look around',
    async (_, o) => (await import('./commands/sample.ts')).sample(io, o))
    .option('--remove', 'take them away again')
  add(program, 'backup', 'writes the whole database to one file, while the server runs',
    async ([file = ''], o) => (await import('./commands/backup.ts')).backup(io, file, o))
    .argument('<file>', 'where to')
    .option('--force', 'replace the file if it is there')
  add(program, 'restore', 'fills an empty database from a backup',
    async ([file = '']) => (await import('./commands/backup.ts')).restore(io, file))
    .argument('<file>', 'a backup')
  add(program, 'rebase', 'moves the instance to the origin of the settings, while nothing has been delivered',
    async () => (await import('./commands/rebase.ts')).rebase(io))
}

function people(program: Command, add: Add, io: Io): void {
  program.commandsGroup('People and organisations:')
  const group = (name: string, about: string) => program.command(name).description(about).helpOption('-h, --help', 'this help').helpCommand(false)
  const fromStdin = ['--password-stdin', 'read the password from standard input'] as const
  const roles = ['admin', 'curator', 'member']

  const user = group('user', 'accounts: create, role, editor, password, list')
  add(user, 'create', 'makes an account; asks for the password',
    async ([email = ''], o) => (await import('./commands/user.ts')).create(io, email, o))
    .argument('<email>', 'its e-mail address').option('--name <name>', 'the person\'s name')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).default('member')).option(...fromStdin)
  add(user, 'role', 'changes what an account may do',
    async ([email = '', role = '']) => (await import('./commands/user.ts')).role(io, email, role))
    .argument('<email>', 'its e-mail address').addArgument(new Argument('<role>', roles.join(', ')).choices(roles))
  add(user, 'editor', 'entrusts an organisation\'s listing to an account: it may edit it and speak for it',
    async ([email = '', handle = ''], o) => (await import('./commands/user.ts')).editor(io, email, handle, o))
    .argument('<email>', 'its e-mail address').argument('<handle>', 'the organisation\'s handle').option('--revoke', 'take it back')
  add(user, 'password', 'sets another password and ends the account\'s sessions; asks for it',
    async ([email = ''], o) => (await import('./commands/user.ts')).password(io, email, o))
    .argument('<email>', 'its e-mail address').option(...fromStdin)
  add(user, 'list', 'lists the accounts', async () => (await import('./commands/user.ts')).list(io))

  const org = group('org', 'organisations: show, publish, consent, opt-out')
  add(org, 'show', 'shows one', async ([handle = '']) => (await import('./commands/org.ts')).show(io, handle))
    .argument('<handle>', 'its handle')
  add(org, 'publish', 'posts as one that has agreed', async ([handle = ''], o) => (await import('./commands/org.ts')).publish(io, handle, o))
    .argument('<handle>', 'its handle').requiredOption('--text <text>', 'what to say: plain text').option('--lang <tag>', 'its language')
    .option('--title <title>', 'makes it an article').option('--reply-to <post>', 'answers a post that is kept here: its id, its address here or its ActivityPub id')
  add(org, 'consent', 'records that one has agreed to be listed', async ([handle = ''], o) => (await import('./commands/org.ts')).consent(io, handle, o))
    .argument('<handle>', 'its handle').requiredOption('--basis <basis>', 'what was agreed, where and when')
  add(org, 'opt-out', 'takes one out that does not want to be listed: for good, with all that was said about it',
    async ([handle = ''], o) => (await import('./commands/org.ts')).optOut(io, handle, o))
    .argument('<handle>', 'its handle').requiredOption('--why <reason>', 'who asked, when; kept with the refusal of later imports')
}

function federation(program: Command, add: Add, io: Io): void {
  program.commandsGroup('Federation:')
  add(program, 'follow', 'follows an actor on another server, and waits a moment for the answer',
    async ([actor = ''], o) => (await import('./commands/federation.ts')).follow(io, actor, o))
    .argument('<actor>', 'its address, or @name@server').option('--as <handle>', 'who follows', 'directory')
  const others = add(program, 'peers', 'lists other servers and how they fare', async () => (await import('./commands/federation.ts')).peers(io))
  others.enablePositionalOptions()
  add(others, 'block', 'blocks a whole server with its subdomains: nothing comes from there, nothing goes there',
    async ([host = ''], o) => (await import('./commands/blocks.ts')).block(io, host, o))
    .argument('<host>', 'its host name').requiredOption('--why <reason>', 'for those who look after this instance with you')
  add(others, 'unblock', 'lets a server in again; its posts come back, its followers do not', async ([host = '']) => (await import('./commands/blocks.ts')).unblock(io, host))
    .argument('<host>', 'its host name')
  add(others, 'blocks', 'lists the blocked servers', async () => (await import('./commands/blocks.ts')).blocks(io))
  add(program, 'deliveries', 'shows the queue; replays what was given up',
    async ([action, id], o) => (await import('./commands/federation.ts')).deliveries(io, action, id, o))
    .addArgument(new Argument('[replay]', 'put a failed delivery back into the queue').choices(['replay'])).argument('[id]', 'which one, or all')
    .option('--failed', 'list those that were given up, newest first').option('--limit <n>', 'how many at most', positive, 50)
    .option('--before <id>', 'with --failed: those before this one', positive)
}
