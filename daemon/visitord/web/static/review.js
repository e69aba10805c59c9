// What is handier with scripts; everything works without.
"use strict";

const EVERY_MS = 3000;

// Cameras: a new picture every few seconds while somebody looks, or the sentence that says why there is none.
async function refresh(view) {
  const image = view.querySelector("img");
  const told = view.querySelector("p");
  try {
    const answer = await fetch(view.dataset.live, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status === 503 ? await answer.text() : "Load this page again.");
    const old = image.src;
    image.src = URL.createObjectURL(await answer.blob());
    if (old.startsWith("blob:")) URL.revokeObjectURL(old);
    image.hidden = false;
    told.textContent = "";
  } catch (error) {
    image.hidden = true;
    told.textContent = error instanceof TypeError ? "The review page does not answer." : error.message;
  }
}

async function watch(view) {
  if (!document.hidden) await refresh(view);
  setTimeout(watch, EVERY_MS, view);
}

document.querySelectorAll("[data-live]").forEach(watch);

// Keys: j and k walk along the cards, n goes to the name, m to merging, / to the search.
function step(by) {
  const links = [...document.querySelectorAll("[data-walk] .look")];
  const card = document.activeElement.closest("[data-walk] > *");
  const at = links.findIndex((link) => card && card.contains(link));
  const next = links[Math.min(Math.max(at + by, 0), links.length - 1)];
  if (next) next.focus();
}

function go(key) {
  const card = document.activeElement.closest("[data-walk] > *");
  const target = (card && card.querySelector(`[data-key="${key}"]`)) || document.querySelector(`main [data-key="${key}"]`);
  if (target && target.href) location.assign(target.href);
  else if (target) target.focus();
  else if (key === "m" && card) location.assign(`${card.querySelector(".look").href}/compare`);
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select") && event.target.type !== "checkbox";
  if (event.key === "Escape" && typing) event.target.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (["n", "m", "/"].includes(event.key)) go(event.key);
  else return;
  event.preventDefault();
});
