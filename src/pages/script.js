// The pages work without this. It makes them a little more pleasant.

// A form that was sent is not sent twice.
document.addEventListener('submit', ({ target }) => {
  for (const button of target.querySelectorAll('button')) setTimeout(() => (button.disabled = true))
})
window.addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('form button')) button.disabled = false
})

// A slash leads to the search, as in many places.
document.addEventListener('keydown', (event) => {
  const isTyping = event.target.matches('input, textarea, select')
  const search = document.querySelector('[type=search]')
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping || !search) return
  event.preventDefault()
  search.focus()
})

// A secret can be copied without being selected.
for (const button of document.querySelectorAll('[data-copies]')) {
  button.hidden = false
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent)
    button.textContent = button.dataset.done
  })
}
