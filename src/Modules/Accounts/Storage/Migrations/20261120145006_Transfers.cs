using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Accounts.Storage.Migrations
{
    /// <inheritdoc />
    public partial class Transfers : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AlterColumn<decimal>(
                name: "BalanceAfter",
                schema: "accounts",
                table: "transactions",
                type: "numeric(28,5)",
                nullable: true,
                oldClrType: typeof(decimal),
                oldType: "numeric(18,5)",
                oldNullable: true);

            migrationBuilder.AlterColumn<decimal>(
                name: "Balance",
                schema: "accounts",
                table: "accounts",
                type: "numeric(28,5)",
                nullable: false,
                oldClrType: typeof(decimal),
                oldType: "numeric(18,5)");

            migrationBuilder.AddColumn<decimal>(
                name: "Held",
                schema: "accounts",
                table: "accounts",
                type: "numeric(28,5)",
                nullable: false,
                defaultValue: 0m);

            migrationBuilder.CreateTable(
                name: "transfers",
                schema: "accounts",
                columns: table => new
                {
                    Id = table.Column<string>(type: "character varying(60)", maxLength: 60, nullable: false),
                    Under = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    AccountId = table.Column<string>(type: "text", nullable: false),
                    Amount = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    Charge = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    Currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    PayeeAccountId = table.Column<string>(type: "text", nullable: true),
                    PayeeScheme = table.Column<string>(type: "text", nullable: false),
                    PayeeIdentification = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false),
                    PayeeName = table.Column<string>(type: "character varying(350)", maxLength: 350, nullable: false),
                    Reference = table.Column<string>(type: "character varying(210)", maxLength: 210, nullable: false),
                    State = table.Column<string>(type: "character varying(10)", maxLength: 10, nullable: false),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    StateChangedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Rail = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_transfers", x => x.Id);
                    table.CheckConstraint("CK_transfers_amounts", "\"Amount\" > 0 AND \"Charge\" >= 0");
                });

            migrationBuilder.AddCheckConstraint(
                name: "CK_accounts_held",
                schema: "accounts",
                table: "accounts",
                sql: "\"Held\" >= 0");

            migrationBuilder.CreateIndex(
                name: "IX_transfers_AccountId",
                schema: "accounts",
                table: "transfers",
                column: "AccountId",
                filter: "\"State\" = 'Held'");

            migrationBuilder.CreateIndex(
                name: "IX_transfers_Under",
                schema: "accounts",
                table: "transfers",
                column: "Under");

            // What PostgreSQL can hold to by itself: the legs of an entry add up to zero when its transaction ends, and what is booked stays.
            migrationBuilder.Sql(
                """
                CREATE FUNCTION accounts.entry_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF EXISTS (SELECT FROM accounts.legs WHERE "EntryId" = NEW."EntryId" GROUP BY "Currency" HAVING sum("Amount") <> 0) THEN
                        RAISE EXCEPTION 'the legs of entry % do not add up to zero', NEW."EntryId" USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                END $$;
                CREATE CONSTRAINT TRIGGER legs_add_up AFTER INSERT ON accounts.legs DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION accounts.entry_adds_up();

                CREATE FUNCTION accounts.booked_stays() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION 'what is booked is never changed' USING ERRCODE = 'restrict_violation';
                END $$;
                CREATE TRIGGER legs_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON accounts.legs FOR EACH STATEMENT EXECUTE FUNCTION accounts.booked_stays();
                CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON accounts.entries FOR EACH STATEMENT EXECUTE FUNCTION accounts.booked_stays();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                DROP TRIGGER legs_add_up ON accounts.legs;
                DROP TRIGGER legs_stay ON accounts.legs;
                DROP TRIGGER entries_stay ON accounts.entries;
                DROP FUNCTION accounts.entry_adds_up();
                DROP FUNCTION accounts.booked_stays();
                """);

            migrationBuilder.DropTable(
                name: "transfers",
                schema: "accounts");

            migrationBuilder.DropCheckConstraint(
                name: "CK_accounts_held",
                schema: "accounts",
                table: "accounts");

            migrationBuilder.DropColumn(
                name: "Held",
                schema: "accounts",
                table: "accounts");

            migrationBuilder.AlterColumn<decimal>(
                name: "BalanceAfter",
                schema: "accounts",
                table: "transactions",
                type: "numeric(18,5)",
                nullable: true,
                oldClrType: typeof(decimal),
                oldType: "numeric(28,5)",
                oldNullable: true);

            migrationBuilder.AlterColumn<decimal>(
                name: "Balance",
                schema: "accounts",
                table: "accounts",
                type: "numeric(18,5)",
                nullable: false,
                oldClrType: typeof(decimal),
                oldType: "numeric(28,5)");
        }
    }
}
