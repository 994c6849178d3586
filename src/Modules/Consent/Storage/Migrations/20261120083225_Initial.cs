using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Consent.Storage.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "consent");

            migrationBuilder.CreateTable(
                name: "account_access",
                schema: "consent",
                columns: table => new
                {
                    Id = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    ClientId = table.Column<string>(type: "text", nullable: false),
                    State = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: false),
                    ReasonCode = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: true),
                    ReasonText = table.Column<string>(type: "text", nullable: true),
                    CreatedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    StateChangedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Permissions = table.Column<string[]>(type: "text[]", nullable: false),
                    ExpiresAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    ExpirationOnWire = table.Column<string>(type: "text", nullable: true),
                    TransactionsFrom = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    TransactionsFromOnWire = table.Column<string>(type: "text", nullable: true),
                    TransactionsTo = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    TransactionsToOnWire = table.Column<string>(type: "text", nullable: true),
                    CustomerId = table.Column<string>(type: "text", nullable: true),
                    AccountIds = table.Column<string[]>(type: "text[]", nullable: true),
                    StoppedAccountIds = table.Column<string[]>(type: "text[]", nullable: false),
                    GrantedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    AuthenticatedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    LastUsedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_account_access", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "evidence",
                schema: "consent",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    ConsentId = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    CustomerId = table.Column<string>(type: "text", nullable: false),
                    Document = table.Column<string>(type: "text", nullable: false),
                    Digest = table.Column<string>(type: "character varying(43)", maxLength: 43, nullable: false),
                    AccountIds = table.Column<string[]>(type: "text[]", nullable: false),
                    AuthenticatedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    PasskeyId = table.Column<string>(type: "text", nullable: false),
                    Address = table.Column<string>(type: "text", nullable: true),
                    UserAgent = table.Column<string>(type: "character varying(512)", maxLength: 512, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_evidence", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "history",
                schema: "consent",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    ConsentId = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Event = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    From = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: true),
                    To = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: false),
                    By = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    ActorId = table.Column<string>(type: "text", nullable: true),
                    Address = table.Column<string>(type: "text", nullable: true),
                    UserAgent = table.Column<string>(type: "character varying(512)", maxLength: 512, nullable: true),
                    Reason = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_history", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_account_access_AccountIds",
                schema: "consent",
                table: "account_access",
                column: "AccountIds")
                .Annotation("Npgsql:IndexMethod", "gin");

            migrationBuilder.CreateIndex(
                name: "IX_account_access_ClientId_CreatedAt",
                schema: "consent",
                table: "account_access",
                columns: new[] { "ClientId", "CreatedAt" },
                filter: "\"State\" = 'AWAU'");

            migrationBuilder.CreateIndex(
                name: "IX_account_access_CustomerId",
                schema: "consent",
                table: "account_access",
                column: "CustomerId",
                filter: "\"CustomerId\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_evidence_ConsentId_Id",
                schema: "consent",
                table: "evidence",
                columns: new[] { "ConsentId", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_history_ConsentId_Id",
                schema: "consent",
                table: "history",
                columns: new[] { "ConsentId", "Id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "account_access",
                schema: "consent");

            migrationBuilder.DropTable(
                name: "evidence",
                schema: "consent");

            migrationBuilder.DropTable(
                name: "history",
                schema: "consent");
        }
    }
}
