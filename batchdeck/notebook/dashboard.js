// The dashboard in a cell: a frame with the terminal, and the widget's channel between it and the kernel.

function render({ model, el }) {
  const view = Math.random().toString(36).slice(2);
  const box = document.createElement("div");
  const frame = document.createElement("iframe");
  const line = document.createElement("p");
  const again = document.createElement("button");
  box.className = "batchdeck-dashboard";
  Object.assign(box.style, { height: `${model.get("height")}px`, resize: "vertical", overflow: "hidden" });
  Object.assign(frame.style, { width: "100%", height: "100%", border: "0", display: "block" });
  Object.assign(line.style, { margin: ".3em 0", font: "inherit" });
  frame.setAttribute("sandbox", "allow-scripts");
  frame.setAttribute("allow", "clipboard-write *");
  frame.title = "BatchDeck dashboard, a terminal";
  again.textContent = "Open it again";
  again.hidden = true;
  line.tabIndex = -1;
  line.setAttribute("role", "status");
  box.append(frame);
  el.append(box, line, again);

  const say = (text) => { line.textContent = text; };
  const send = (message) => model.send({ ...message, view });

  function fromFrame({ source, data }) {
    if (source !== frame.contentWindow || !data.batchdeck) return;
    if (data.batchdeck.type === "leave") line.focus();
    else send(data.batchdeck);
  }

  function fromKernel(message, buffers) {
    if (message.view && message.view !== view) return;
    if (message.type === "page") {
      frame.srcdoc = message.page;
      say(message.line);
    } else if (message.type === "output") {
      const bytes = buffers[0];
      const output = new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, bytes.byteLength).slice().buffer;
      frame.contentWindow?.postMessage({ output }, "*", [output]);
    } else if (message.type === "who") {
      send({ type: "here" });
    } else if (message.type === "ended") {
      say(message.line);
      again.hidden = false;
    }
  }

  again.addEventListener("click", () => {
    again.hidden = true;
    send({ type: "hello" });
  });
  window.addEventListener("message", fromFrame);
  model.on("msg:custom", fromKernel);
  send({ type: "hello" });
  return () => {
    window.removeEventListener("message", fromFrame);
    model.off("msg:custom", fromKernel);
    send({ type: "bye" });
  };
}

export default { render };
