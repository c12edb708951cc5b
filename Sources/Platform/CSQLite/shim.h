#include <sqlite3.h>

/// Swift cannot call functions with a variable number of arguments. Switches a setting of one connection.
static inline int csqlite_switch(sqlite3 *connection, int setting, int isOn) {
    return sqlite3_db_config(connection, setting, isOn, (int *)0);
}
