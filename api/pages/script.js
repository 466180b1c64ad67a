// Every page works without this. It fills in today's date, prints, and asks for the verdicts
// again while one types; what is typed goes to this server and is kept nowhere.
"use strict";

for (const field of document.querySelectorAll("input[data-today]")) {
  const now = new Date();
  const two = (n) => String(n).padStart(2, "0");
  if (!field.value) field.value = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

const form = document.querySelector("form[data-live]");
const aside = document.getElementById("verdicts");
if (form && aside) {
  let waiting = 0;
  let running = null;
  const ask = async () => {
    if (running) running.abort();
    running = new AbortController();
    const typed = new URLSearchParams(new FormData(form));
    typed.set("part", "summary");
    try {
      const answer = await fetch("/decisions", {
        method: "POST", body: typed, headers: { Accept: "text/html" }, signal: running.signal,
      });
      if (answer.ok) aside.innerHTML = await answer.text();
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(ask, 150); };
  form.addEventListener("input", soon);
  if (form.querySelector("[name=dateOfService]").value) soon();
}
