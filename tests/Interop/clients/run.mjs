// One third party goes one whole way against a running bank. It is told what it is in one line of JSON on standard input; where a
// browser is needed it prints the address and reads what came back. Its last line is what it saw.
import { createInterface } from 'node:readline';
import { transport } from './transport.mjs';
import { enrol } from './register.mjs';
import { journey } from './journey.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => JSON.parse((await lines.next()).value);
const say = (message) => process.stdout.write(JSON.stringify(message) + '\n');

try {
  const third = await read();
  const { Client } = await import(`./with-${third.library}.mjs`);
  const publish = async (address, jwks) => {
    say({ publish: { address, jwks } });
    await read();
  };
  if (third.registers) await enrol(third, publish, Client.register);
  const client = await Client.create(third, transport(third));
  const saw = await journey(third, client, async (address) => {
    say({ browse: address });
    return read();
  });
  say({ done: saw });
  process.exit(0);
} catch (fault) {
  const cause = fault.cause instanceof Response ? await fault.cause.text().catch(() => '') : fault.cause;
  say({ failed: `${fault.stack ?? fault}`, code: fault.code, error: fault.error, description: fault.error_description, cause: `${cause?.stack ?? JSON.stringify(cause)}` });
  process.exit(1);
}
