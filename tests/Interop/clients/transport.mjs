import { Agent, fetch as send } from 'undici';

/** A fetch that trusts the bank's authority only and, for a client with a certificate, shows it. */
export function transport({ ca, certificate, certificateKey }) {
  const dispatcher = new Agent({ connect: certificate ? { ca, cert: certificate, key: certificateKey } : { ca } });
  return async (url, options = {}) => {
    const answer = await send(url, { ...options, dispatcher });

    // The libraries look at the class of an answer, which is the platform's own.
    const empty = [101, 204, 205, 304].includes(answer.status);
    const copy = new Response(empty ? null : await answer.arrayBuffer(), { status: answer.status, headers: [...answer.headers] });
    Object.defineProperty(copy, 'url', { value: answer.url });
    return copy;
  };
}
