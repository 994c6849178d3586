using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Accounts.Storage.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "accounts");

            migrationBuilder.CreateTable(
                name: "accounts",
                schema: "accounts",
                columns: table => new
                {
                    Id = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    Position = table.Column<int>(type: "integer", nullable: false),
                    Name = table.Column<string>(type: "character varying(70)", maxLength: 70, nullable: false),
                    Description = table.Column<string>(type: "character varying(35)", maxLength: 35, nullable: false),
                    Currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    Category = table.Column<string>(type: "text", nullable: false),
                    TypeCode = table.Column<string>(type: "text", nullable: false),
                    Scheme = table.Column<string>(type: "text", nullable: false),
                    Identification = table.Column<string>(type: "text", nullable: false),
                    HolderName = table.Column<string>(type: "text", nullable: false),
                    ServicerBic = table.Column<string>(type: "text", nullable: false),
                    OpenedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    State = table.Column<string>(type: "character varying(10)", maxLength: 10, nullable: false),
                    StateChangedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    CreditLimit = table.Column<decimal>(type: "numeric(18,5)", nullable: true),
                    Balance = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    IsJoint = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_accounts", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "entries",
                schema: "accounts",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    BookedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Text = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_entries", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "holders",
                schema: "accounts",
                columns: table => new
                {
                    CustomerId = table.Column<string>(type: "text", nullable: false),
                    AccountId = table.Column<string>(type: "character varying(40)", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_holders", x => new { x.CustomerId, x.AccountId });
                    table.ForeignKey(
                        name: "FK_holders_accounts_AccountId",
                        column: x => x.AccountId,
                        principalSchema: "accounts",
                        principalTable: "accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "legs",
                schema: "accounts",
                columns: table => new
                {
                    EntryId = table.Column<Guid>(type: "uuid", nullable: false),
                    Number = table.Column<short>(type: "smallint", nullable: false),
                    Account = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    Amount = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    Currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_legs", x => new { x.EntryId, x.Number });
                    table.ForeignKey(
                        name: "FK_legs_entries_EntryId",
                        column: x => x.EntryId,
                        principalSchema: "accounts",
                        principalTable: "entries",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "transactions",
                schema: "accounts",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    AccountId = table.Column<string>(type: "character varying(40)", nullable: false),
                    BookedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ValueAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Amount = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    Currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    IsPending = table.Column<bool>(type: "boolean", nullable: false),
                    EntryId = table.Column<Guid>(type: "uuid", nullable: true),
                    Reference = table.Column<string>(type: "character varying(210)", maxLength: 210, nullable: false),
                    Information = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    Code = table.Column<string>(type: "text", nullable: false),
                    SubCode = table.Column<string>(type: "text", nullable: false),
                    OwnCode = table.Column<string>(type: "text", nullable: false),
                    BalanceAfter = table.Column<decimal>(type: "numeric(18,5)", nullable: true),
                    AddressLine = table.Column<string>(type: "text", nullable: true),
                    MerchantName = table.Column<string>(type: "text", nullable: true),
                    MerchantCategory = table.Column<string>(type: "text", nullable: true),
                    CounterpartyName = table.Column<string>(type: "text", nullable: true),
                    CounterpartyScheme = table.Column<string>(type: "text", nullable: true),
                    CounterpartyIdentification = table.Column<string>(type: "text", nullable: true),
                    CounterpartyBic = table.Column<string>(type: "text", nullable: true),
                    CardScheme = table.Column<string>(type: "text", nullable: true),
                    CardNumber = table.Column<string>(type: "text", nullable: true),
                    CardAuthorisation = table.Column<string>(type: "text", nullable: true),
                    ExchangeRate = table.Column<decimal>(type: "numeric(18,8)", nullable: true),
                    ExchangeCurrency = table.Column<string>(type: "text", nullable: true),
                    ExchangeAmount = table.Column<decimal>(type: "numeric(18,5)", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_transactions", x => x.Id);
                    table.ForeignKey(
                        name: "FK_transactions_accounts_AccountId",
                        column: x => x.AccountId,
                        principalSchema: "accounts",
                        principalTable: "accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_transactions_entries_EntryId",
                        column: x => x.EntryId,
                        principalSchema: "accounts",
                        principalTable: "entries",
                        principalColumn: "Id");
                });

            migrationBuilder.CreateIndex(
                name: "IX_accounts_Scheme_Identification",
                schema: "accounts",
                table: "accounts",
                columns: new[] { "Scheme", "Identification" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_holders_AccountId",
                schema: "accounts",
                table: "holders",
                column: "AccountId");

            migrationBuilder.CreateIndex(
                name: "IX_legs_Account",
                schema: "accounts",
                table: "legs",
                column: "Account");

            migrationBuilder.CreateIndex(
                name: "IX_transactions_AccountId_BookedAt_Id",
                schema: "accounts",
                table: "transactions",
                columns: new[] { "AccountId", "BookedAt", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_transactions_EntryId",
                schema: "accounts",
                table: "transactions",
                column: "EntryId");

            migrationBuilder.CreateIndex(
                name: "IX_transactions_pending",
                schema: "accounts",
                table: "transactions",
                column: "AccountId",
                filter: "\"IsPending\"");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "holders",
                schema: "accounts");

            migrationBuilder.DropTable(
                name: "legs",
                schema: "accounts");

            migrationBuilder.DropTable(
                name: "transactions",
                schema: "accounts");

            migrationBuilder.DropTable(
                name: "accounts",
                schema: "accounts");

            migrationBuilder.DropTable(
                name: "entries",
                schema: "accounts");
        }
    }
}
