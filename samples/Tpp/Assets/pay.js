// A payment that is under way: asks our own page how it stands until there is nothing more to come.
const every = 1500;
const live = document.getElementById("live");
const said = document.getElementById("said");

async function look() {
  let goesOn = true;
  try {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    if (answer.ok && fresh) {
      if (fresh.innerHTML !== live.innerHTML) live.replaceChildren(...fresh.childNodes);
      if (said.textContent !== fresh.dataset.said) {
        said.textContent = fresh.dataset.said;
        document.title = document.title.replace(/^[^·]+/, fresh.dataset.said + " ");
      }
      goesOn = fresh.dataset.goesOn === "yes";
    }
  } catch {
    // Away for a moment; the next look tells.
  }
  if (goesOn) setTimeout(look, every);
}

setTimeout(look, every);
