/** What the browser brought back, in the form that the libraries take: an address, or the form that was posted. */
export function returnedTo({ location, action, fields }) {
  if (!action) return new URL(location);
  return new Request(action, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields),
  });
}
