import type { Socket } from "node:net";

/** A mail server without TLS. It puts each command that it gets into `said`. */
export function mailServer(said: string[], kind: "smtp" | "imap", more = ""): (socket: Socket) => void {
  return (socket) => {
    socket.write(kind === "smtp" ? "220-mx.test\r\n220 ready\r\n" : "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready\r\n");
    socket.on("end", () => socket.end());
    let rest = "";
    socket.on("data", (chunk) => {
      const lines = (rest + String(chunk)).split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        said.push(line);
        socket.write(kind === "smtp" ? smtpAnswer(line, more) : imapAnswer(line, more));
        if (/^QUIT|LOGOUT/i.test(line)) socket.end();
      }
    });
  };
}

function smtpAnswer(line: string, more: string): string {
  if (/^EHLO/i.test(line)) return `250-mx.test\r\n${more}250 HELP\r\n`;
  return /^QUIT/i.test(line) ? "221 bye\r\n" : "250 ok\r\n";
}

function imapAnswer(line: string, more: string): string {
  const untagged = /CAPABILITY/i.test(line) ? `* CAPABILITY IMAP4rev1${more}\r\n` : /LOGOUT/i.test(line) ? "* BYE\r\n" : "";
  return `${untagged}${line.split(" ")[0]} OK done\r\n`;
}
