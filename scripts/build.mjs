// Builds dist/: TypeScript → JavaScript, the files beside it, and the workflows in one bundle. Does nothing when nothing changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const finished = join(root, 'dist');
// Made beside it and put in its place when it is whole: whoever runs or builds at the same time never sees a half.
const dist = join(root, '.cache', `dist-${process.pid}`);
const stampName = '.fingerprint';
const folders = ['src', 'workflows', 'activities', 'bench'];

const fingerprint = await fingerprintOf(await inputs());
if ((await readFile(join(finished, stampName), 'utf8').catch(() => '')) !== fingerprint) {
  const started = Date.now();
  console.error('building dist/ …');
  try {
    compile();
    await copyAssets();
    await bundleWorkflows();
    await writeFile(join(dist, stampName), fingerprint);
    await putInPlace();
    console.error(`built dist/ in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    console.error(`the build failed: ${error.message}`);
    process.exitCode = 1;
  } finally {
    await rm(dist, { recursive: true, force: true });
  }
}

async function putInPlace() {
  const old = `${dist}-old`;
  await rename(finished, old).catch(() => undefined);
  await rename(dist, finished);
  await rm(old, { recursive: true, force: true });
}

async function inputs() {
  const found = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs'];
  for (const folder of [...folders, 'examples']) found.push(...(await filesBelow(folder)));
  return found.sort();
}

async function filesBelow(folder) {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name).slice(root.length + 1));
}

async function fingerprintOf(files) {
  const hash = createHash('sha256').update(process.version);
  for (const file of files) hash.update(`\0${file}\0`).update(await readFile(join(root, file)));
  return hash.digest('hex');
}

function compile() {
  const require = createRequire(import.meta.url);
  const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  const args = [compiler, '-p', 'tsconfig.build.json', '--outDir', dist];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('it does not compile');
}

/** Whatever the code reads beside itself: migrations, pages, schemas, examples. */
async function copyAssets() {
  for (const folder of folders) {
    for (const file of await filesBelow(folder)) {
      if (/\.(ts|md)$/.test(file)) continue;
      if (existsSync(join(dist, file)))
        throw new Error(`${file} would replace what was compiled from a .ts of that name`);
      await mkdir(dirname(join(dist, file)), { recursive: true });
      await cp(join(root, file), join(dist, file));
    }
  }
}

/** With the very @temporalio/worker that will run it, which is why it is built here and not shipped. */
async function bundleWorkflows() {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(dist, 'workflows', 'index.js'),
    logger: new DefaultLogger('WARN'),
  });
  await writeFile(join(dist, 'workflow-bundle.js'), code);
}
