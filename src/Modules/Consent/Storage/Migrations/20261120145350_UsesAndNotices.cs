using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Consent.Storage.Migrations
{
    /// <inheritdoc />
    public partial class UsesAndNotices : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "dismissed_notices",
                schema: "consent",
                columns: table => new
                {
                    CustomerId = table.Column<string>(type: "text", nullable: false),
                    ConsentId = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    Notice = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_dismissed_notices", x => new { x.CustomerId, x.ConsentId, x.Notice });
                });

            migrationBuilder.CreateTable(
                name: "uses",
                schema: "consent",
                columns: table => new
                {
                    ConsentId = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    Day = table.Column<DateOnly>(type: "date", nullable: false),
                    Times = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_uses", x => new { x.ConsentId, x.Day });
                });

            migrationBuilder.CreateIndex(
                name: "IX_history_ActorId",
                schema: "consent",
                table: "history",
                column: "ActorId",
                filter: "\"By\" = 'Customer' AND \"Event\" = 'Reject'");

            migrationBuilder.CreateIndex(
                name: "IX_uses_Day",
                schema: "consent",
                table: "uses",
                column: "Day");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "dismissed_notices",
                schema: "consent");

            migrationBuilder.DropTable(
                name: "uses",
                schema: "consent");

            migrationBuilder.DropIndex(
                name: "IX_history_ActorId",
                schema: "consent",
                table: "history");
        }
    }
}
