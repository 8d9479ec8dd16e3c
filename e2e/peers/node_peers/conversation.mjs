// How a program here speaks with the test that started it: options come as JSON in the first argument; each line of the
// standard output is JSON, and what the test has to say to it comes as a line of the standard input.

import { createInterface } from 'node:readline'

export const options = JSON.parse(process.argv[2])

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

export function say(message) {
  console.log(JSON.stringify(message))
}

export async function ask(message) {
  say(message)
  return (await lines.next()).value
}

export function end(result) {
  say(result)
  process.stdin.destroy()
}
