// `npm run check` reads every Markdown file and checks that local links and headings exist. Nothing is fetched.
import remarkValidateLinks from 'remark-validate-links'

export default { plugins: [[remarkValidateLinks, { repository: false }]] }
