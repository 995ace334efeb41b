#include "keyring_service.h"
#include "keyring_talk.h"
#include "lib/base/file.h"

#include <libsecret/secret.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ITEMS_MAX = 1024 };

static const SecretSchema schema = {
	.name = "codetrain.Credentials",
	.flags = SECRET_SCHEMA_NONE,
	.attributes = { { "profile", SECRET_SCHEMA_ATTRIBUTE_STRING },
			{ "kind", SECRET_SCHEMA_ATTRIBUTE_STRING } },
};

struct keyring_service {
	struct keyring_talk talk;

	/* What a step is about, and what it brings; nobody else's while it runs. */
	char kind[16], profile[KEYRING_PROFILE_MAX + 1], label[KEYRING_PROFILE_MAX + 64];
	struct buf text;
	struct keyring_item *items;
	size_t item_count;

	SecretService *service;
};

/* ---- what went wrong ----------------------------------------------------------------- */

static const char again[] = "try again";

static int is_locked(struct err *err)
{
	return err_set(err, ERR_UNAVAILABLE, "the keyring is locked; sign in to the desktop, or run "
		       "gnome-keyring-daemon --replace --unlock, type the keyring's password and "
		       "press Ctrl-D");
}

static int no_service(struct err *err)
{
	return err_set(err, ERR_UNAVAILABLE, "no Secret Service is on the session bus; install "
		       "gnome-keyring (or KeePassXC, or KWallet) and sign in again");
}

static bool begins(const char *s, const char *with)
{
	return s && strncmp(s, with, strlen(with)) == 0;
}

/* Takes the error. `mend` is what helps when nothing better is known. The names are
 * those of the Secret Service's specification and of D-Bus's. */
static int failed(GError *e, const char *what, const char *mend, struct err *err)
{
	gchar *name = g_dbus_error_get_remote_error(e);

	if (begins(name, "org.freedesktop.Secret.Error.IsLocked") ||
	    g_error_matches(e, SECRET_ERROR, SECRET_ERROR_IS_LOCKED)) {
		is_locked(err);
	} else if (begins(name, "org.freedesktop.DBus.Error.ServiceUnknown") ||
		   begins(name, "org.freedesktop.DBus.Error.NameHasNoOwner") ||
		   begins(name, "org.freedesktop.DBus.Error.Spawn")) {
		no_service(err);
	} else {
		g_dbus_error_strip_remote_error(e);
		err_set(err, ERR_UNAVAILABLE, "cannot %s: %.300s; %s", what, e->message, mend);
	}
	g_free(name);
	g_error_free(e);
	return -1;
}

/* ---- connecting ---------------------------------------------------------------------- */

/* GLib would start a bus of its own where there is none, and leave it behind. */
static int need_bus(struct err *err)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char path[PATH_MAX_BYTES];
	struct stat st;

	if (address && *address)
		return 0;
	snprintf(path, sizeof(path), "%s/bus", runtime && *runtime ? runtime : "");
	if (runtime && *runtime && stat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		return 0;
	return err_set(err, ERR_UNAVAILABLE, "there is no D-Bus session here, so no keyring; sign in to "
		       "the desktop, or run: dbus-run-session -- sh -c 'gnome-keyring-daemon --unlock; "
		       "exec \"$SHELL\"'");
}

static int connect_service(struct keyring_service *s, struct err *err)
{
	GDBusConnection *bus;
	GError *e = NULL;

	if (s->service)
		return 0;
	if (need_bus(err) < 0)
		return -1;
	bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &e);
	if (!bus)
		return failed(e, "reach the session bus", "see whether DBUS_SESSION_BUS_ADDRESS is "
			      "right, or sign in again", err);
	g_dbus_connection_set_exit_on_close(bus, FALSE);	/* a bus that dies would take us along */
	s->service = secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, NULL, &e);
	g_object_unref(bus);	/* the service has its own */
	return s->service ? 0 : failed(e, "talk to the Secret Service", again, err);
}

static GHashTable *attributes(const struct keyring_service *s)
{
	GHashTable *t = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	if (*s->kind)
		g_hash_table_insert(t, g_strdup("kind"), g_strdup(s->kind));
	if (*s->profile)
		g_hash_table_insert(t, g_strdup("profile"), g_strdup(s->profile));
	return t;
}

/* Items of the search, which are the caller's: 0, also when there are none. */
static int search(struct keyring_service *s, SecretSearchFlags flags, GList **out, struct err *err)
{
	GHashTable *t = attributes(s);
	GError *e = NULL;
	GList *found = secret_service_search_sync(s->service, &schema, t, SECRET_SEARCH_ALL | flags,
						  NULL, &e);

	g_hash_table_unref(t);
	if (e)
		return failed(e, "search the keyring", again, err);
	for (GList *l = found; l; l = l->next) {
		if (!secret_item_get_locked(l->data))
			continue;
		g_list_free_full(found, g_object_unref);
		return is_locked(err);
	}
	*out = found;
	return 0;
}

/* ---- finding ------------------------------------------------------------------------- */

static void clear_items(struct keyring_service *s)
{
	for (size_t i = 0; i < s->item_count; i++)
		buf_free(&s->items[i].text);
	free(s->items);
	s->items = NULL;
	s->item_count = 0;
}

/* "/org/freedesktop/secrets/collection/login/3": "login" */
static void name_collection(const char *path, char *out, size_t cap)
{
	static const char before[] = "/collection/";
	const char *at = path ? strstr(path, before) : NULL;

	at = at ? at + strlen(before) : "";
	snprintf(out, cap, "%.*s", (int)strcspn(at, "/"), at);
}

static void take_attribute(GHashTable *t, const char *name, char *out, size_t cap)
{
	const char *value = g_hash_table_lookup(t, name);

	snprintf(out, cap, "%s", value ? value : "");
}

static int take_item(SecretItem *from, struct keyring_item *to, struct err *err)
{
	GHashTable *t = secret_item_get_attributes(from);
	SecretValue *value = secret_item_get_secret(from);
	const char *text;
	gsize len = 0;

	to->text = (struct buf)BUF_INIT_SECRET(KEYRING_TEXT_MAX);
	take_attribute(t, "kind", to->kind, sizeof(to->kind));
	take_attribute(t, "profile", to->profile, sizeof(to->profile));
	g_hash_table_unref(t);
	name_collection(g_dbus_proxy_get_object_path(G_DBUS_PROXY(from)), to->where, sizeof(to->where));
	to->created = (int64_t)secret_item_get_created(from);
	to->modified = (int64_t)secret_item_get_modified(from);
	if (!value)
		return err_set(err, ERR_UNAVAILABLE, "the keyring did not hand over what it holds for "
			       "profile \"%s\"; try again", to->profile);
	text = secret_value_get(value, &len);
	buf_add(&to->text, text, len);
	secret_value_unref(value);
	return buf_check(&to->text, "what the keyring holds", err);
}

static int newest_first(const void *a, const void *b)
{
	const struct keyring_item *x = a, *y = b;

	return x->modified < y->modified ? 1 : x->modified > y->modified ? -1 : 0;
}

/* Some services tell nothing at all of what is in a locked keyring. */
static int check_default(struct keyring_service *s, struct err *err)
{
	SecretCollection *c = secret_collection_for_alias_sync(s->service, SECRET_COLLECTION_DEFAULT,
							       SECRET_COLLECTION_NONE, NULL, NULL);
	int rc = c && secret_collection_get_locked(c) ? is_locked(err) : 0;

	if (c)
		g_object_unref(c);
	return rc;
}

static int find_step(void *arg, struct err *err)
{
	struct keyring_service *s = arg;
	GList *found = NULL;
	int rc = 0;

	clear_items(s);
	if (connect_service(s, err) < 0 || search(s, SECRET_SEARCH_LOAD_SECRETS, &found, err) < 0)
		return -1;
	if (!found)
		return check_default(s, err);
	if (g_list_length(found) > ITEMS_MAX)
		rc = err_set(err, ERR_USAGE, "the keyring holds too many credentials");
	else
		s->items = calloc(g_list_length(found) + 1, sizeof(*s->items));
	if (rc == 0 && !s->items)
		rc = err_set(err, ERR_INTERNAL, "no memory for the keyring's items");
	for (GList *l = found; l && rc == 0; l = l->next)
		rc = take_item(l->data, &s->items[s->item_count++], err);
	g_list_free_full(found, g_object_unref);
	if (rc == 0)
		qsort(s->items, s->item_count, sizeof(*s->items), newest_first);
	return rc;
}

/* ---- storing, removing --------------------------------------------------------------- */

static SecretCollection *default_collection(struct keyring_service *s, struct err *err)
{
	GError *e = NULL;
	SecretCollection *c = secret_collection_for_alias_sync(s->service, SECRET_COLLECTION_DEFAULT,
							       SECRET_COLLECTION_NONE, NULL, &e);
	char name[64];

	if (!c && e) {
		failed(e, "find the default keyring", again, err);
		return NULL;
	}
	if (!c) {
		err_set(err, ERR_UNAVAILABLE, "there is no default keyring yet; make one in Passwords "
			"and Keys (seahorse), or run gnome-keyring-daemon --replace --unlock, type "
			"a new password and press Ctrl-D");
		return NULL;
	}
	name_collection(g_dbus_proxy_get_object_path(G_DBUS_PROXY(c)), name, sizeof(name));
	if (secret_collection_get_locked(c))
		is_locked(err);
	else if (strcmp(name, "session") == 0)
		err_set(err, ERR_UNAVAILABLE, "the default keyring forgets all at the end of the session; "
			"make another one the default in Passwords and Keys (seahorse)");
	else
		return c;
	g_object_unref(c);
	return NULL;
}

static int put_step(void *arg, struct err *err)
{
	struct keyring_service *s = arg;
	SecretCollection *collection;
	SecretValue *value;
	SecretItem *item;
	GHashTable *t;
	GError *e = NULL;

	if (connect_service(s, err) < 0)
		return -1;
	collection = default_collection(s, err);
	if (!collection)
		return -1;
	t = attributes(s);
	value = secret_value_new(buf_str(&s->text), (gssize)s->text.len, "text/plain");
	item = secret_item_create_sync(collection, &schema, t, s->label, value,
				       SECRET_ITEM_CREATE_REPLACE, NULL, &e);
	secret_value_unref(value);
	g_hash_table_unref(t);
	g_object_unref(collection);
	if (!item)
		return failed(e, "store in the keyring", again, err);
	g_object_unref(item);
	return 0;
}

static int erase_step(void *arg, struct err *err)
{
	struct keyring_service *s = arg;
	GList *found = NULL;
	GError *e = NULL;
	int rc = 0;

	if (connect_service(s, err) < 0 || search(s, SECRET_SEARCH_NONE, &found, err) < 0)
		return -1;
	for (GList *l = found; l && rc == 0; l = l->next)
		if (!secret_item_delete_sync(l->data, NULL, &e))
			rc = failed(e, "remove from the keyring", again, err);
	g_list_free_full(found, g_object_unref);
	return rc;
}

/* ---- what others call ---------------------------------------------------------------- */

/* Both print what goes over the bus. */
static void be_quiet(void)
{
	unsetenv("G_DBUS_DEBUG");
	unsetenv("G_MESSAGES_DEBUG");
}

struct keyring_service *keyring_service_open(struct err *err)
{
	struct keyring_service *s = calloc(1, sizeof(*s));

	if (!s) {
		err_set(err, ERR_INTERNAL, "no memory for the keyring");
		return NULL;
	}
	be_quiet();
	keyring_talk_init(&s->talk, KEYRING_SERVICE_WAIT_MS);
	s->text = (struct buf)BUF_INIT_SECRET(KEYRING_TEXT_MAX);
	return s;
}

void keyring_service_close(struct keyring_service *s)
{
	if (!s || s->talk.gave_up)	/* its thread still has it */
		return;
	clear_items(s);
	buf_free(&s->text);
	if (s->service)
		g_object_unref(s->service);
	secret_service_disconnect();
	keyring_talk_free(&s->talk);
	free(s);
}

static int about(struct keyring_service *s, const char *kind, const char *profile, struct err *err)
{
	if (s->talk.gave_up)
		return err_set(err, ERR_UNAVAILABLE, "the keyring does not answer");
	snprintf(s->kind, sizeof(s->kind), "%s", kind ? kind : "");
	if ((size_t)snprintf(s->profile, sizeof(s->profile), "%s", profile ? profile : "") >=
	    sizeof(s->profile))
		return err_set(err, ERR_USAGE, "the name of the profile is too long");
	return 0;
}

int keyring_service_find(struct keyring_service *s, const char *kind, const char *profile,
			 const struct keyring_item **items, size_t *n, struct err *err)
{
	if (about(s, kind, profile, err) < 0 || keyring_talk_run(&s->talk, find_step, s, err) < 0)
		return -1;
	*items = s->items;
	*n = s->item_count;
	return 0;
}

int keyring_service_put(struct keyring_service *s, const char *kind, const char *profile,
			const char *label, const char *text, struct err *err)
{
	if (about(s, kind, profile, err) < 0)
		return -1;
	snprintf(s->label, sizeof(s->label), "%s", label);
	buf_clear(&s->text);
	buf_adds(&s->text, text);
	if (buf_check(&s->text, "what is to be stored", err) < 0)
		return -1;
	return keyring_talk_run(&s->talk, put_step, s, err);
}

int keyring_service_erase(struct keyring_service *s, const char *kind, const char *profile,
			  struct err *err)
{
	return about(s, kind, profile, err) < 0 ? -1 : keyring_talk_run(&s->talk, erase_step, s, err);
}
