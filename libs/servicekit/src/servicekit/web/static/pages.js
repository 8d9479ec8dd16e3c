// Improves pages that work without scripts: times in the reader's time zone, and passwords that can be shown.
"use strict";

const pageLanguage = document.documentElement.lang;
const regional = navigator.languages.find((tag) => tag.split("-")[0] === pageLanguage); // such as en-GB
const localTime = new Intl.DateTimeFormat(regional ?? pageLanguage, { dateStyle: "medium", timeStyle: "short" });
for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = time.textContent;
  time.textContent = localTime.format(new Date(time.dateTime));
}

for (const button of document.querySelectorAll("button[data-shows]")) {
  const inputs = button.dataset.shows.split(" ").map((id) => document.getElementById(id));
  const show = (shown) => {
    for (const input of inputs) input.type = shown ? "text" : "password";
    button.textContent = shown ? button.dataset.hide : button.dataset.show;
  };
  button.hidden = false;
  button.addEventListener("click", () => show(inputs[0].type === "password"));
  button.form.addEventListener("submit", () => show(false)); // so that no browser remembers it as ordinary text
}
