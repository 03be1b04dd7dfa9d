/** As accounts/money.py writes it: 3000 is $0.003, 150000 is $0.15. */
export function dollars(micros) {
  const whole = Math.floor(micros / 1_000_000);
  const rest = String(micros % 1_000_000).padStart(6, "0").replace(/0+$/, "").padEnd(2, "0");
  return `$${whole.toLocaleString("en-US")}.${rest}`;
}
