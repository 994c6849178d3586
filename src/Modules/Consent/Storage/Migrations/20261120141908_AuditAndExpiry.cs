using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace OpenBanking.Consent.Storage.Migrations
{
    /// <inheritdoc />
    public partial class AuditAndExpiry : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_history_ConsentId_Id",
                schema: "consent",
                table: "history");

            migrationBuilder.AddColumn<long>(
                name: "Number",
                schema: "consent",
                table: "history",
                type: "bigint",
                nullable: false,
                defaultValue: 0L)
                .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn);

            migrationBuilder.AddColumn<string>(
                name: "ReasonCode",
                schema: "consent",
                table: "history",
                type: "character varying(4)",
                maxLength: 4,
                nullable: true);

            migrationBuilder.CreateTable(
                name: "audit",
                schema: "consent",
                columns: table => new
                {
                    Day = table.Column<DateOnly>(type: "date", nullable: false),
                    Sequence = table.Column<long>(type: "bigint", nullable: false),
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    What = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    Subject = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    Content = table.Column<string>(type: "text", nullable: false),
                    Tag = table.Column<byte[]>(type: "bytea", nullable: false),
                    Hash = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_audit", x => new { x.Day, x.Sequence });
                });

            migrationBuilder.CreateTable(
                name: "audit_key",
                schema: "consent",
                columns: table => new
                {
                    Id = table.Column<short>(type: "smallint", nullable: false),
                    Protected = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_audit_key", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "audit_pending",
                schema: "consent",
                columns: table => new
                {
                    Number = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    What = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    Subject = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    Content = table.Column<string>(type: "text", nullable: false),
                    Tag = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_audit_pending", x => x.Number);
                });

            migrationBuilder.CreateIndex(
                name: "IX_history_ConsentId_Number",
                schema: "consent",
                table: "history",
                columns: new[] { "ConsentId", "Number" });

            migrationBuilder.CreateIndex(
                name: "IX_consents_ExpiresAt",
                schema: "consent",
                table: "consents",
                column: "ExpiresAt",
                filter: "\"State\" = 'AUTH' AND \"ExpiresAt\" IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "audit",
                schema: "consent");

            migrationBuilder.DropTable(
                name: "audit_key",
                schema: "consent");

            migrationBuilder.DropTable(
                name: "audit_pending",
                schema: "consent");

            migrationBuilder.DropIndex(
                name: "IX_history_ConsentId_Number",
                schema: "consent",
                table: "history");

            migrationBuilder.DropIndex(
                name: "IX_consents_ExpiresAt",
                schema: "consent",
                table: "consents");

            migrationBuilder.DropColumn(
                name: "Number",
                schema: "consent",
                table: "history");

            migrationBuilder.DropColumn(
                name: "ReasonCode",
                schema: "consent",
                table: "history");

            migrationBuilder.CreateIndex(
                name: "IX_history_ConsentId_Id",
                schema: "consent",
                table: "history",
                columns: new[] { "ConsentId", "Id" });
        }
    }
}
