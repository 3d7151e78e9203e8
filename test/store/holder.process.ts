// Holds the write lock of a SQLite file, from "held" until its input says something or ends.
import Database from 'better-sqlite3'

const db = new Database(process.argv[2]!)
db.exec('BEGIN IMMEDIATE')
console.log('held')
const release = () => { db.close(); process.exit(0) }
process.stdin.once('data', release).once('end', release)
