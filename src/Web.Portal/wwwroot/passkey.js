// The only script of the portal: it hands the server's options to the browser's passkey dialog and the answer back.
const supported = typeof PublicKeyCredential === 'function'
  && typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function'
  && typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function';

const ceremonies = {
  registration: {
    ask: form => ({ username: valueOf(form, 'username'), activationCode: valueOf(form, 'activationCode') }),
    run: options => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  },
  assertion: {
    ask: form => ({ username: valueOf(form, 'username'), interaction: interactionOf(form) }),
    run: options => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
  },
  approval: {
    ask: form => ({ request: form.dataset.request, digest: valueOf(form, 'digest'), choice: chosen(form) }),
    run: options => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
  },
};

function valueOf(form, name) {
  return form.elements[name]?.value.trim() || null;
}

function interactionOf(form) {
  return form.dataset.interaction || null;
}

function chosen(form) {
  return new FormData(form).getAll('account');
}

// What the server says in words is for the customer; everything else has the page's own sentence.
class Refusal extends Error {}

async function post(form, path, body) {
  const answer = await fetch('/passkeys/' + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'RequestVerificationToken': form.elements.__RequestVerificationToken.value },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(said.message ?? '');
  return said;
}

// The answer goes with the form, so that what was approved and the passkey that approved it arrive as one.
async function approve(form) {
  if (chosen(form).length > 0) {
    const { ceremony, publicKey } = await post(form, 'approval/options', ceremonies.approval.ask(form));
    const credential = await ceremonies.approval.run(publicKey);
    form.elements.ceremony.value = ceremony;
    form.elements.credential.value = JSON.stringify(credential.toJSON());
  }
  form.submit();
}

// The bank wants the passkey once more. Some browsers open their dialog only at a press, so the next one goes on from here.
const asked = new WeakMap();

async function perform(form) {
  const kind = form.dataset.passkey;
  if (kind === 'approval') return approve(form);
  const { ceremony, publicKey } = asked.get(form) ?? await post(form, kind + '/options', ceremonies[kind].ask(form));
  const credential = await ceremonies[kind].run(publicKey);
  asked.delete(form);
  const done = await post(form, kind, {
    ceremony, credential: credential.toJSON(), name: valueOf(form, 'name'), interaction: interactionOf(form),
  });
  if (!done.again) return location.assign(done.next ?? form.dataset.next);
  asked.set(form, done.again);
  const notice = document.querySelector('[data-passkey-again]');
  notice.textContent = done.message;
  notice.hidden = false;
  return perform(form);
}

for (const form of document.querySelectorAll('form[data-passkey]')) {
  const button = form.querySelector('button[type=submit]');
  const failed = document.querySelector('[data-passkey-failed]');
  document.querySelector('[data-passkey-unsupported]').hidden = supported;
  button.disabled = !supported;
  form.addEventListener('submit', async event => {
    event.preventDefault();
    button.disabled = true;
    failed.hidden = true;
    try {
      await perform(form);
    } catch (refusal) {
      button.disabled = false;
      if (asked.has(form)) return; // What to do is on the page already.
      failed.textContent = refusal instanceof Refusal && refusal.message || form.dataset.failed;
      failed.hidden = false;
    }
  });
}
