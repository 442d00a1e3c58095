"use strict";
// The token follows # in the link: it never leaves the browser but in this request, and is good once.
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
if (token) {
  const told = document.getElementById("told");
  told.textContent = "Letting this browser in …";
  fetch("/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  }).then(
    (answer) => {
      if (answer.ok) location.replace("/");
      else told.textContent = "This link was used before, or is too old. Nobody was let in.";
    },
    () => {
      told.textContent = "The gateway does not answer. Is it still running?";
    },
  );
}
