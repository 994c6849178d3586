import assert from 'node:assert/strict';

const ACCOUNTS = '/open-banking/v4.0/aisp/accounts';
const CONSENTS = '/open-banking/v4.0/aisp/account-access-consents';
const PERMISSIONS = ['ReadAccountsDetail', 'ReadBalances', 'ReadTransactionsDetail', 'ReadTransactionsCredits', 'ReadTransactionsDebits'];

/** Consent, authorization, tokens, data, refresh, introspection, revocation: the same steps whichever library takes them. */
export async function journey(third, client, browse) {
  const own = await client.clientToken('accounts');
  const made = await client.call(own, 'POST', CONSENTS, JSON.stringify({ Data: { Permissions: PERMISSIONS }, Risk: {} }));
  assert.equal(made.status, 201, await made.clone().text());
  const consentId = (await made.json()).Data.ConsentId;

  const returned = await browse(await client.authorizationAddress(requestFor(third, consentId)));
  const tokens = await client.redeem(returned);
  assert.equal(tokens.token_type.toLowerCase(), third.constraint === 'dpop' ? 'dpop' : 'bearer');
  assert.ok(tokens.refresh_token, 'no refresh token');
  const claims = client.idTokenClaims();
  assert.equal(claims.openbanking_intent_id, consentId);

  const accounts = await client.call(tokens.access_token, 'GET', ACCOUNTS);
  assert.equal(accounts.status, 200, await accounts.clone().text());
  const user = await client.userInfo(tokens.access_token, claims.sub);

  const fresh = await client.refresh(tokens.refresh_token);
  assert.notEqual(fresh.access_token, tokens.access_token);
  const again = await client.call(fresh.access_token, 'GET', ACCOUNTS);
  assert.equal(again.status, 200, await again.clone().text());

  const active = await client.introspect(fresh.access_token);
  await client.revoke(tokens.refresh_token);
  const dead = await client.introspect(fresh.access_token);
  const refused = await client.callRaw(fresh.access_token, 'GET', ACCOUNTS);
  return {
    consentId,
    accounts: (await accounts.json()).Data.Account.length,
    accountsAfterRefresh: (await again.json()).Data.Account.length,
    subject: claims.sub,
    userInfoSubject: user.sub,
    acr: claims.acr,
    active: active.active,
    binding: active.cnf,
    activeAfterRevocation: dead.active,
    statusAfterRevocation: refused.status,
  };
}

/** What the third party asks for; the consent is named in the way of its profile. */
function requestFor({ redirectUri, naming }, consentId) {
  const named = naming === 'details'
    ? { authorization_details: JSON.stringify([{ type: 'account_information', consent_id: consentId }]) }
    : {};
  const claims = { id_token: { openbanking_intent_id: { value: consentId, essential: true }, acr: { essential: true, value: 'urn:openbanking:psd2:sca' } } };
  return { redirect_uri: redirectUri, scope: 'openid accounts offline_access', claims: JSON.stringify(claims), ...named };
}
