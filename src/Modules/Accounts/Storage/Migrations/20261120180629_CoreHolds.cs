using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Accounts.Storage.Migrations
{
    /// <inheritdoc />
    public partial class CoreHolds : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "core_holds",
                schema: "accounts",
                columns: table => new
                {
                    TransferId = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    AskedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_core_holds", x => x.TransferId);
                });

            migrationBuilder.CreateIndex(
                name: "IX_core_notices_ReceivedAt",
                schema: "accounts",
                table: "core_notices",
                column: "ReceivedAt");

            migrationBuilder.CreateIndex(
                name: "IX_core_holds_AskedAt",
                schema: "accounts",
                table: "core_holds",
                column: "AskedAt");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "core_holds",
                schema: "accounts");

            migrationBuilder.DropIndex(
                name: "IX_core_notices_ReceivedAt",
                schema: "accounts",
                table: "core_notices");
        }
    }
}
