const numbers = new Intl.NumberFormat('en')

/** A number and what there are so many of, in the form that goes with it: 1 second, 2 seconds. */
export const counted = (number: number, one: string, many = `${one}s`): string =>
  `${numbers.format(number)} ${number === 1 ? one : many}`
