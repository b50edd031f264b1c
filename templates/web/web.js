// Prepares the page for textual.js, which is loaded next and begins when the page has.
"use strict";

// The terminal writes style elements as it goes; the page's policy lets through only those that bear its nonce.
const { nonce } = document.currentScript;
const createElement = document.createElement.bind(document);
document.createElement = (name, options) => {
  const element = createElement(name, options);
  if (String(name).toLowerCase() === "style") element.nonce = nonce;
  return element;
};

// Relative to the page, so that it is right under any prefix.
const socket = new URL("ws", document.baseURI);
socket.protocol = socket.protocol === "https:" ? "wss:" : "ws:";
socket.search = "";
socket.hash = "";

addEventListener("DOMContentLoaded", () => {
  for (const terminal of document.querySelectorAll(".textual-terminal")) {
    terminal.dataset.sessionWebsocketUrl = socket.href;
  }
  // Cells are measured once, when it begins: the font has to be there.
  const begin = window.onload;
  window.onload = null;
  const faces = ["16px 'Roboto Mono'", "italic 16px 'Roboto Mono'", "bold 16px 'Roboto Mono'"];
  Promise.allSettled(faces.map((face) => document.fonts.load(face))).then(begin);
  // Keys go to the dashboard without a click, once there is one to take them.
  new MutationObserver((_, watching) => {
    if (!document.body.classList.contains("-loaded")) return;
    watching.disconnect();
    document.querySelector(".xterm-helper-textarea").focus();
  }).observe(document.body, { attributeFilter: ["class"] });
});
