// SPDX-License-Identifier: BSL-1.0
// Uses all kinds of what hookd.d.ts declares; compiled, not run.

import * as hookd from 'hookd';

const hooks = new hookd.Hooks('no-main', {
  onFailure: 'closed', askedOnly: true, order: 1, where: { '/cwd': '/src/*' }, cancellations: true, daemonUser: 'root',
  resumeFrom: { afterSeq: 1 }, onNotice: ({ kind, message }) => console.error(kind, message),
});
hooks.on('pre_push', (event) => {
  if (event.get('branch') === 'main') return hookd.veto('main is closed', { note: 'try topic' });
});
hooks.on(['pre_*', 'x?'], async (event: hookd.Event) => {
  event.signal.throwIfAborted();
  return event.expectsResponse ? { note: event.payloadText } : hookd.abstain();
});
const running: Promise<void> = hooks.run();

const daemon: hookd.Client = await hookd.connect({ path: '@hookd', answerTimeout: 1_000 });
try {
  const verdict = await daemon.emitAndWait('pre_push', { branch: 'main' }, { policy: 'chain', require: ['lint'], timeout: 5_000 });
  if (!verdict.proceed) console.error(verdict.abort, verdict.missing.map(({ responder, why }) => `${responder}: ${why}`));
  const { seq }: hookd.Emission = await daemon.emit('build_done', new hookd.RawJson('{"n":1.10}'), { reserve: 1_000 });
  console.log(seq, verdict.responses[0]?.elapsedMs);
} catch (error) {
  if (error instanceof hookd.RequestError) console.error(error.code, error.data);
  else if (!(error instanceof hookd.NoDaemonError)) throw error;
} finally {
  daemon.close();
  hooks.stop();
  await running;
}

// @ts-expect-error there is no such policy
await daemon.emitAndWait('pre_push', {}, { policy: 'some' });
